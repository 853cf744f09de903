"""Decode JSON into typed values, with errors that name the wrong fields."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def read(adapter: TypeAdapter[T], text: bytes | str) -> T:
    """Decode a JSON text into the type of `adapter`.

    Raises:
        ValueError: the text does not fit; the message is one line with each wrong field and its problem.
    """
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise ValueError("; ".join(problems)) from None
