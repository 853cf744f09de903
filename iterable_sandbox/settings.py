"""The knobs of a sandbox: where Iterable's behaviour depends on the project, or is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from iterable_api.identity import ProjectType

DEFAULT_API_KEY: Final = "5a2db0c5a2db0c5a2db0c5a2db0c5a2d"
"""A key has the form of Iterable's: 32 hexadecimal digits."""


@dataclass(frozen=True)
class Settings:
    """What one sandbox does. Defaults are what was seen of the real one, or else the careful reading.

    Attributes:
        limits: whether the documented rate limits are kept.
        unknown_fields: what becomes of fields that are new to the project, if `createNewFields` does not say.
        decimals_into_long: whether 1.5 clashes with a field of whole numbers. Not documented.
        disallowed_events: event names that the project does not track.
        count_disallowed: whether refused event names enter `failCount`. Not documented.
        unknown_email_in_events: sources contradict each other on whether an event makes its user.
        unknown_user_id: what a GET of an unknown userId answers: `{}`, or a 400 as one client expects.
        unpaginated: whether campaigns and templates come whole when no page is asked for, as in old projects.
        old_list_answers: subscribe answers with four fields only, as in 2021.
        shuffle: whether exports and list members come in no useful order.
        flatten_nested: whether exports also flatten the objects of custom fields to dotted keys.
        trailing_newline: whether the last line of an export ends like the others.
    """

    project_type: ProjectType = ProjectType.EMAIL
    project_id: int = 8575
    api_key: str = DEFAULT_API_KEY
    limits: bool = True
    unknown_fields: Literal["allow", "drop"] = "allow"
    decimals_into_long: Literal["refuse", "accept"] = "refuse"
    disallowed_events: frozenset[str] = frozenset()
    count_disallowed: bool = True
    unknown_email_in_events: Literal["create", "refuse"] = "create"
    unknown_user_id: Literal["empty", "error"] = "empty"
    unpaginated: bool = False
    old_list_answers: bool = False
    shuffle: bool = True
    flatten_nested: bool = False
    trailing_newline: bool = False
