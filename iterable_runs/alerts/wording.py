"""Words of a run, such as names of streams and errors, in the form in which they may leave the machine."""

from __future__ import annotations

from iterable_api.redaction import redact
from iterable_runs.presentation.escaping import printable


def safe(text: str) -> str:
    """`text` on one line, without what looks like personal data or a secret, and of bounded length."""
    return printable(redact(" ".join(text.split())))
