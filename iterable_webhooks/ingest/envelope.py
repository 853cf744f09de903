"""The check of a body: a JSON object, and its event name. Nothing else of it is looked at before the answer.

A body is kept as its bytes, so numbers of any size and names of any kind come through as they were sent.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from iterable_webhooks.store.events import NO_NAME

_LONGEST_NAME: Final = 255
"""A longer text is no event name; databases do not index texts of any length."""


class MalformedBodyError(ValueError):
    """A body is no JSON object. The text holds no part of it."""


class _Envelope(msgspec.Struct):
    eventName: msgspec.Raw = msgspec.Raw(b"null")  # noqa: N815 (as Iterable spells it)


_decode: Final = msgspec.json.Decoder(_Envelope).decode
_decode_text: Final = msgspec.json.Decoder(str).decode


def event_name(body: bytes) -> str:
    """The `eventName` of a body; `NO_NAME` if it has none that is a text of 1 to 255 characters.

    Raises:
        MalformedBodyError: if the body is no JSON object in UTF-8.
    """
    try:
        text = body.decode()  # msgspec does not look into texts that it skips
        return _name(bytes(_decode(body).eventName))
    except UnicodeDecodeError:
        raise MalformedBodyError("not UTF-8") from None
    except msgspec.ValidationError:
        raise MalformedBodyError("JSON, and no object") from None
    except msgspec.DecodeError:
        return _name_by_the_standard_library(text)
    except RecursionError:
        raise MalformedBodyError("nested too deeply") from None


def _name(raw: bytes) -> str:
    try:
        return _usable(_decode_text(raw))
    except msgspec.DecodeError:
        return NO_NAME


def _name_by_the_standard_library(text: str) -> str:
    """The same for halves of surrogate pairs, which texts that were cut off have, and which msgspec refuses."""
    if "\\u" not in text:
        raise MalformedBodyError("not JSON")
    try:
        body = json.loads(text, parse_int=float, parse_float=float, parse_constant=_refuse)
    except RecursionError:
        raise MalformedBodyError("nested too deeply") from None
    except ValueError:
        raise MalformedBodyError("not JSON") from None
    if not isinstance(body, dict):
        raise MalformedBodyError("JSON, and no object")
    return _usable(body.get("eventName"))


def _usable(name: Any) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.isprintable():
        return NO_NAME
    return name


def _refuse(_constant: str) -> None:
    raise ValueError("no number of JSON")
