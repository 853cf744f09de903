"""Reading answers of Iterable that must hold something."""

from __future__ import annotations

from typing import Any

from iterable_api.errors import UnreadableAnswerError


def member(answer: Any, name: str) -> Any:
    """The member of that name.

    Raises:
        UnreadableAnswerError: if there is none.
    """
    if not isinstance(answer, dict) or answer.get(name) is None:
        raise UnreadableAnswerError(f"Iterable's answer has no `{name}`")
    return answer[name]
