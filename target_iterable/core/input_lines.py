"""Decoding of lines of the input, without the loss of a digit, and without showing anything of them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import msgspec
import simplejson
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.core.json_encoding import MOST_DIGITS
from target_iterable.core.source import Line

_quick: Final = msgspec.json.Decoder(float_hook=Decimal)
DECODE_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _State(msgspec.Struct):
    value: msgspec.Raw


_state_of: Final = msgspec.json.Decoder(_State).decode


def decode_line(line: Line) -> tuple[Any, bool]:
    """Decode a line: its value, and whether all of it is standard JSON. Numbers with a point become `Decimal`.

    Raises:
        InvalidInputLine: if it is not JSON; without anything of it.
    """
    try:
        return _quick.decode(line), True
    except DECODE_ERRORS:
        return _parsed(line), False


def state_text(line: Line) -> str:
    """Return the `value` of a STATE message in the text in which it came, so that no number changes its spelling."""
    try:
        return bytes(_state_of(line).value).decode()
    except DECODE_ERRORS:
        return simplejson.dumps(_parsed(line)["value"], use_decimal=True)


def with_floats(line: Line) -> dict[str, Any]:
    """Decode a line that `decode_line` has read. Numbers with a point become `float`."""
    return dict(json.loads(line, parse_int=_integer))


def bytes_of(line: Line) -> bytes:
    """Encode a line. A text that is not Unicode could only come escaped."""
    return line.encode(errors="surrogatepass") if isinstance(line, str) else line


def _parsed(line: Line) -> Any:
    try:
        return json.loads(line, parse_float=Decimal, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise InvalidInputLine(f"A line of the input is not JSON: {error.msg} at column {error.colno}") from None
    except UnicodeDecodeError:
        raise InvalidInputLine("A line of the input is not UTF-8") from None
    except RecursionError:
        raise InvalidInputLine("A line of the input holds objects or arrays in too many others") from None


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MOST_DIGITS else Decimal(digits)
