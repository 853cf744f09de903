"""The input state: unwrapped, with every bookmark in one form.

A bookmark that cannot be read is an error, and one that is not used is a warning: if it were ignored without a word, it
would look like one that is kept.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple

from singer_sdk import Stream

from iterable_api.facts import timestamps
from tap_iterable.input.dates import parse_date, parse_epoch

Bookmarks = dict[str, dict[str, Any]]

KEY: Final = "replication_key"
VALUE: Final = "replication_key_value"

_PARTITIONS: Final = "partitions"
_PARTITIONED: Final = frozenset({"heap_events"})
"""Streams of the tap whose state is in partitions."""
_SDK_KEYS: Final = frozenset({"progress_markers", "replication_key_signpost", "starting_replication_value"})
"""Keys that the SDK has in a state while a run lasts."""
_OWN_KEYS: Final = frozenset({"export_jobs", "resume", "store_id"})
_REMEDY: Final = "Correct it, or start anew: with `--full-refresh` in Meltano, or without `--state`."


class UnusableStateError(Exception):
    """The state cannot be what an earlier run left, or has a bookmark that cannot be read."""


def bookmarks_in(state: Mapping[str, Any]) -> Bookmarks:
    """The bookmarks of a state, by stream; none for an empty state.

    The state may be wrapped as Meltano keeps states, or be a whole STATE message.

    Raises:
        UnusableStateError: if the state has no bookmarks.
    """
    bookmarks: Bookmarks = {}
    for part in _unwrapped(state):
        found = part.get("bookmarks")
        if not isinstance(found, Mapping):
            raise UnusableStateError(
                "The state has no object `bookmarks`. It must be what an earlier run of this tap left, such as "
                f'{{"bookmarks": {{"users": {{"{KEY}": "profileUpdatedAt", "{VALUE}": "2026-10-15T00:00:00Z"}}}}}}.'
            )
        for stream, entry in found.items():
            if not isinstance(entry, Mapping):
                raise UnusableStateError(
                    f"The state of the stream {stream} is {_shown(entry)}, not an object with a `{VALUE}`. {_REMEDY}"
                )
            bookmarks[stream] = {**bookmarks.get(stream, {}), **entry}
    return bookmarks


def normalised_bookmarks(bookmarks: Bookmarks, streams: Mapping[str, Stream], logger: logging.Logger) -> Bookmarks:
    """The bookmarks, those of selected incremental streams in the form in which the tap writes them.

    Bookmarks that no stream uses are kept, with a warning.

    Raises:
        UnusableStateError: if a bookmark cannot be read, or is of another field than the stream goes by; or if what
            stands beside it has another form than a run leaves it in.
    """
    bookmarks = {name: _without_empty_members(entry) for name, entry in bookmarks.items()}
    selected = {name: streams[name] for name in bookmarks if name in streams and streams[name].selected}
    for names, words in _unused(bookmarks, streams, selected):
        if names:
            logger.warning("The state has %s: %s", words, ", ".join(sorted(names)))
    for name, entry in bookmarks.items():
        _check_members(name, entry, _MEMBERS if name in selected else _MEMBERS_OF_THE_SDK)
    read = {name: _normalised(stream, bookmarks[name]) for name, stream in selected.items() if stream.replication_key}
    return {**bookmarks, **read}


def _unwrapped(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The states in a wrapped one, the oldest first."""
    for members in _WRAPPINGS:
        if state.keys() <= {*members, "type"} and not state.keys().isdisjoint(members):
            return [whole for name in members if state.get(name) for whole in _unwrapped(_part(state, name))]
    return [state] if state else []


def _part(state: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = state[name]
    if not isinstance(part, Mapping):
        raise UnusableStateError(f"The state has a `{name}` that is {_shown(part)} in place of an object. {_REMEDY}")
    return part


_WRAPPINGS: Final[Sequence[Sequence[str]]] = (
    ("singer_state",),
    ("value",),
    ("completed", "partial"),
    ("completed_state", "partial_state"),
)
"""Members of wrappings: Meltano's of a state, Singer's STATE message, Meltano's of a complete and a partial state."""


def _unused(
    bookmarks: Bookmarks, streams: Mapping[str, Stream], selected: Mapping[str, Stream]
) -> Iterable[tuple[list[str], str]]:
    yield (
        [name for name in bookmarks if name not in streams],
        "bookmarks of streams that this tap does not have, and does not use them",
    )
    yield (
        [name for name, stream in selected.items() if not stream.replication_key and VALUE in bookmarks[name]],
        "bookmarks of streams that are read whole each time, and does not use them",
    )
    yield (
        [name for name, stream in selected.items() if stream.replication_key and _is_foreign(name, bookmarks[name])],
        f"entries without a `{VALUE}`, which another tap may have left, so these streams are read from `start_date`",
    )


def _is_foreign(stream: str, entry: Mapping[str, Any]) -> bool:
    """Whether an entry has no bookmark, and members that are neither this tap's nor the SDK's."""
    known = _SDK_KEYS | _OWN_KEYS | {KEY, VALUE} | ({_PARTITIONS} if stream in _PARTITIONED else set())
    return entry.get(VALUE) is None and bool(entry.keys() - known)


def _normalised(stream: Stream, entry: Mapping[str, Any]) -> dict[str, Any]:
    read = _bookmark(stream, entry)
    if stream.name not in _PARTITIONED or _PARTITIONS not in entry:
        return read
    return {**read, _PARTITIONS: [_bookmark(stream, part) for part in entry[_PARTITIONS]]}


def _bookmark(stream: Stream, entry: Mapping[str, Any]) -> dict[str, Any]:
    value, key = entry.get(VALUE), entry.get(KEY)
    if value is None:
        return dict(entry)
    if key is not None and key != stream.replication_key:
        raise UnusableStateError(
            f"The state of the stream {stream.name} has a bookmark of the field {_shown(key)}, but the stream goes by "
            f"{stream.replication_key}. {_REMEDY}"
        )
    kind = _POSITION if stream.replication_key in _POSITIONS else _MOMENT
    read = kind.read(value)
    if read is None:
        raise UnusableStateError(
            f"The bookmark of the stream {stream.name} is {_shown(value)}, which is not {kind.words}. {_REMEDY}"
        )
    return {**entry, KEY: stream.replication_key, VALUE: read}


def _moment(value: object) -> str | None:
    try:
        return timestamps.to_rfc3339(_parsed(value).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _parsed(value: object) -> datetime:
    if isinstance(value, str):
        return parse_epoch(int(value)) if _EPOCH_TEXT.fullmatch(value) else parse_date(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return parse_epoch(value)
    raise ValueError("not a moment")


_EPOCH_TEXT: Final = re.compile(r"\d{10}|\d{13}", re.ASCII)
"""Seconds or milliseconds. A day is a text of eight digits."""


def _position(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class _Kind(NamedTuple):
    """A kind of bookmark: its description, and the function that reads one and returns None if it cannot."""

    words: str
    read: Callable[[object], str | int | None]


_MOMENT: Final = _Kind("a moment such as 2026-10-15T00:00:00Z", _moment)
_POSITION: Final = _Kind("a position in the store of webhooks, which is a whole number", _position)
_POSITIONS: Final = frozenset({"storePosition"})
"""Columns whose bookmarks are no moments."""


class _Member(NamedTuple):
    """A member of an entry beside the bookmark: its form in words, and whether a value has it."""

    words: str
    fits: Callable[[Any], bool]


def _is_array_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _is_resume_mark(value: object) -> bool:
    if not isinstance(value, Mapping) or value.get("done") is not False:
        return isinstance(value, Mapping)
    run, last, missing = (value.get(name) for name in ("run", "last_list_id", "missing_list_ids"))
    return isinstance(run, str) and isinstance(last, int) and _is_array_of(int, missing)


def _is_array_of_partitions(value: Any) -> bool:
    return _is_array_of(dict, value) and all(isinstance(part.get("context"), Mapping) for part in value)


_MEMBERS_OF_THE_SDK: Final[Mapping[str, _Member]] = {
    _PARTITIONS: _Member("an array of objects with a `context`", _is_array_of_partitions),
    "progress_markers": _Member("an object", lambda value: isinstance(value, Mapping)),
}
_MEMBERS: Final[Mapping[str, _Member]] = {
    **_MEMBERS_OF_THE_SDK,
    "export_jobs": _Member("an array of objects", partial(_is_array_of, dict)),
    "resume": _Member("what an interrupted run leaves", _is_resume_mark),
}


def _without_empty_members(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in entry.items() if value is not None or name not in _MEMBERS}
    if _is_array_of(dict, kept.get(_PARTITIONS)):
        kept[_PARTITIONS] = [_without_empty_members(part) for part in kept[_PARTITIONS]]
    return kept


def _check_members(stream: str, entry: Mapping[str, Any], members: Mapping[str, _Member]) -> None:
    for name, member in members.items():
        if name in entry and not member.fits(entry[name]):
            raise UnusableStateError(
                f"The state of the stream {stream} has a `{name}` that is {_shown(entry[name])}, not {member.words}. "
                f"{_REMEDY}"
            )
    for part in entry.get(_PARTITIONS, ()):
        _check_members(stream, part, members)


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[:_MAX_SHOWN_CHARACTERS]}..."


_MAX_SHOWN_CHARACTERS: Final = 80
