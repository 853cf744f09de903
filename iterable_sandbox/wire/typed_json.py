"""JSON that people write, read into a type, with errors that say which field is wrong."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def read(adapter: TypeAdapter[T], text: bytes | str) -> T:
    """The value of a JSON text.

    Raises:
        ValueError: in one line, what is wrong with each field.
    """
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc'])) or 'JSON'}: {one['msg']}" for one in error.errors())
        raise ValueError("; ".join(problems)) from None
