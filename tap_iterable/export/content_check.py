"""Check that a whole answer, which should hold a row on each line, holds any.

A server can answer 200 with a page, an error or a meaningless value. Counted as malformed lines, that would
pass for a window in which hardly anything happened. An empty answer is different: it is a window without rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import IO, Final

from iterable_api.errors import IncompleteBodyError, UnreadableAnswerError
from tap_iterable.export.download import last_line
from tap_iterable.export.json_answers import error_code, form_of

Check = Callable[[IO[bytes], str], None]
"""Checks a whole answer before its first row is read, and raises an error with the given name of the answer."""

NO_JSON: Final = object()
"""Marker in place of a value, for text that is no JSON."""

MAX_VALUE_BYTES: Final = 1 << 16
"""An answer of no more bytes is read as one JSON value, to describe it in an error."""
_SIGNATURES: Final = ((b"<", "HTML or XML"), (b"[", "an array"), (b"\x1f\x8b", "compressed data"))


class NoRowsError(UnreadableAnswerError):
    """A whole answer that has content, but not a single row."""


def check_rows(spool: IO[bytes], name: str, is_row: Callable[[bytes], bool], expected: str) -> None:
    """Check that an answer has a row, or is empty; it is read up to its first row, and at its end.

    Args:
        spool: the whole answer; its position is at the start, before and after.
        name: the name of the answer in errors.
        is_row: whether a line is a row.
        expected: a row in words.

    Raises:
        IncompleteBodyError: if it ends within its first row, or with an error in place of the next one.
        NoRowsError: if it has content, but no rows.
    """
    empty = next(_lines(spool), None) is None
    found = any(map(is_row, _lines(spool)))
    spool.seek(0)
    if not found and not empty:
        raise _error_without_rows(spool, name, expected)
    reject_error_line(last_line(spool), name)


def reject_error_line(line: bytes, name: str) -> None:
    """Check a line that is no row.

    Raises:
        IncompleteBodyError: if the line is an error of Iterable's, which means that rows are missing.
    """
    # An error is short, and a row may be large.
    code = error_code(parse_json(line)) if len(line) <= MAX_VALUE_BYTES else None
    if code is not None:
        raise IncompleteBodyError(f"{name}: an error of Iterable's stands in place of a row, code {code}")


def first_value(spool: IO[bytes]) -> object:
    """The value of an answer that is JSON as a whole, or else of its first line; NO_JSON if there is none."""
    body = beginning(spool)
    value = parse_json(body)
    return parse_json(body.partition(b"\n")[0]) if value is NO_JSON else value


def beginning(spool: IO[bytes]) -> bytes:
    """The first bytes of an answer; its position is at the start afterwards."""
    spool.seek(0)
    body = spool.read(MAX_VALUE_BYTES).lstrip()
    spool.seek(0)
    return body


def no_rows_error(spool: IO[bytes], name: str, what: str, expected: str) -> NoRowsError:
    """The error for an answer that holds `what`, and nothing that is `expected`."""
    size = spool.seek(0, 2)
    spool.seek(0)
    return NoRowsError(f"{name} answered with {what}, {size:,} bytes, in which there is not one {expected}")


def parse_json(text: bytes) -> object:
    """The value of a JSON text; NO_JSON for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NO_JSON


def _error_without_rows(spool: IO[bytes], name: str, expected: str) -> IncompleteBodyError | NoRowsError:
    body, value = beginning(spool), first_value(spool)
    if value is not NO_JSON:
        return no_rows_error(spool, name, form_of(value), expected)
    if body.startswith(b"{"):
        return IncompleteBodyError(f"{name}: the answer ends within its first row")
    what = next((words for start, words in _SIGNATURES if body.startswith(start)), "text")
    return no_rows_error(spool, name, what, expected)


def _lines(spool: IO[bytes]) -> Iterator[bytes]:
    """All lines of an answer that are not blank."""
    spool.seek(0)
    return (line for line in spool if not line.isspace())
