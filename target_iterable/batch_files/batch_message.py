"""BATCH messages, as the Singer SDK and taps that unload a warehouse write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from singer_sdk.exceptions import InvalidInputLine

JSON_LINES: Final = "jsonl"
PARQUET: Final = "parquet"
COMPRESSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    JSON_LINES: ("none", "gzip", "zstd"),
    # A Parquet file says itself how its columns are compressed.
    PARQUET: ("none", "gzip", "zstd", "snappy", "brotli", "lz4"),
}
"""Format -> compressions that are read."""


class BatchMessage(NamedTuple):
    """A BATCH message.

    Attributes:
        stream: whose records the files hold.
        format: one of `COMPRESSIONS`.
        compression: one of those of the format.
        urls: where the files are, in the order of their records.
        version: the version of the records, if the message has one.
    """

    stream: str
    format: str
    compression: str
    urls: tuple[str, ...]
    version: Any = None


def batch_message(message: Mapping[str, Any]) -> BatchMessage:
    """Check a BATCH message.

    Raises:
        InvalidInputLine: if it lacks something, or its files are of a form that is not read.
    """
    stream, encoding, manifest = (_member(message, name, is_right) for name, is_right in _MEMBERS.items())
    format_ = _one_of(COMPRESSIONS, encoding.get("format"), stream, "format")
    compression = _one_of(COMPRESSIONS[format_], encoding.get("compression") or "none", stream, "compression")
    return BatchMessage(stream, format_, compression, tuple(manifest), message.get("version"))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(url, str) for url in value)


_MEMBERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "stream": lambda value: isinstance(value, str),
    "encoding": lambda value: isinstance(value, dict),
    "manifest": _are_texts,
}
"""Member -> whether its value is of the right kind."""


def _member(message: Mapping[str, Any], name: str, is_right: Callable[[Any], bool]) -> Any:
    if not is_right(message.get(name)):
        raise InvalidInputLine(f"A BATCH of the input has no {name}, or one of another form")
    return message[name]


def _one_of(known: Any, value: object, stream: str, what: str) -> str:
    if isinstance(value, str) and value in known:
        return value
    raise InvalidInputLine(
        f"The stream {stream!r} comes in BATCH files of the {what} {value!r}, and this target reads "
        f"{', '.join(known)}. Change `batch_config` of the tap"
    )
