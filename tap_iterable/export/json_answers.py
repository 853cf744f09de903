"""Members of JSON answers, or an error that describes the answer in their place.

A 2xx answer need not be a success: proxies and Iterable itself put errors into them. The description has the
form of the answer, or the code of Iterable's error; texts are left out, since they may hold personal data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from iterable_api.errors import UnreadableAnswerError
from iterable_api.redaction import redact

_ENVELOPES: Final = (
    ("msg", frozenset({"msg", "code", "params"})),
    ("message", frozenset({"error", "message", "code", "data"})),
)
"""The text and all the members of an error, in the two forms that Iterable's API documents."""

_CODE: Final = re.compile(r"[A-Za-z_.]+")


def error_code(value: object) -> str | None:
    """The code of an error in one of Iterable's two forms; None for any other value, also for one with more members."""
    if not isinstance(value, Mapping):
        return None
    for text, members in _ENVELOPES:
        if value.keys() <= members and isinstance(value.get(text), str) and isinstance(value.get("code"), str):
            return _shown(value["code"])
    return None


def _shown(code: str) -> str:
    """The code if it is a word such as `BadParams` or `error.lists.notFound`: others may quote an id."""
    return redact(code) if _CODE.fullmatch(code) else "(unreadable)" if code else "(none)"


def form_of(value: object) -> str:
    """The form of a JSON value in words, without its content."""
    code = error_code(value)
    if code is not None:
        return f"an error of Iterable's, code {code}"
    return _FORMS.get(type(value), "a number")


_FORMS: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "a text",
    bool: "true or false",
    type(None): "null",
}


def array_in(answer: Any, name: str, path: str) -> list[Any]:
    """The array of that name in an answer.

    Raises:
        UnreadableAnswerError: if there is none.
    """
    array = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(array, list):
        raise UnreadableAnswerError(f"{path} answered with {form_of(answer)}, without the array `{name}`")
    return array


def rows_in(answer: Any, name: str, path: str, key: str) -> list[dict[str, Any]]:
    """The objects of the array of that name, each with its `key`.

    Raises:
        UnreadableAnswerError: if there is no such array, or one of its members is no such object.
    """
    rows = array_in(answer, name, path)
    for row in rows:
        if not isinstance(row, dict) or row.get(key) is None:
            raise UnreadableAnswerError(f"{path} answered with a member of `{name}` that has no `{key}`")
    return rows


def object_in(answer: Any, name: str, path: str) -> dict[str, Any]:
    """The object of that name in an answer.

    Raises:
        UnreadableAnswerError: if there is none.
    """
    member = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(member, dict):
        raise UnreadableAnswerError(f"{path} answered with {form_of(answer)}, without the object `{name}`")
    return member


def object_with(answer: Any, name: str, path: str) -> dict[str, Any]:
    """The answer, if it is an object that has a member of that name.

    Raises:
        UnreadableAnswerError: if it is not.
    """
    if not isinstance(answer, dict) or answer.get(name) is None:
        raise UnreadableAnswerError(f"{path} answered with {form_of(answer)}, without `{name}`")
    return answer
