"""What all errors of a step have in common, for orchestrators, which have to know whether to try again."""

from __future__ import annotations


class StepError(Exception):
    """A step has not done everything. The text is for the person who looks at the run, and has no secrets.

    Attributes:
        is_worth_a_retry: whether it may succeed the next time, with the same settings.
    """

    is_worth_a_retry = True
