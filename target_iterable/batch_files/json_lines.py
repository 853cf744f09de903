"""Blocks of lines out of files of JSON lines, each line of which is one record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from gzip import GzipFile
from typing import IO, Final

import msgspec
from singer_sdk.exceptions import InvalidInputLine

from iterable_api.storage.extras import extra
from target_iterable.batch_files.batch_message import BatchMessage
from target_iterable.columnar.line_block import DecodedMessage, LineBlock
from target_iterable.columnar.line_reader import whole_lines
from target_iterable.core.input_lines import DECODE_ERRORS, decode_line
from target_iterable.core.source import Line

_BLOCK: Final = 1 << 17
"""Bytes that are read at a time."""
_check: Final = msgspec.json.Decoder(msgspec.Raw).decode


def line_blocks(
    file: IO[bytes], message: BatchMessage, name: str, decode: Callable[[Line], DecodedMessage]
) -> Iterator[LineBlock]:
    """Yield the records of a file as lines with RECORD messages.

    A line that is no JSON object stays as it is, and is rejected like any line of the input that cannot be read.

    Args:
        file: the file.
        message: the BATCH message that names it.
        name: its name, for people.
        decode: decodes a RECORD message.

    Raises:
        EOFError: if the file ends in the midst of a line.
        Exception: if it cannot be read.
    """
    begin, end = _frame(message)
    before = 0
    for lines in _blocks_of_lines(_OPENERS[message.compression](file)):
        framed = [_framed(line, begin, end) for line in lines]
        yield LineBlock(framed, partial(_decoded, begin, decode), before, stream=message.stream, file=name)
        before += len(lines)


def _blocks_of_lines(read: Callable[[int], bytes]) -> Iterator[list[Line]]:
    last = yield from whole_lines(partial(read, _BLOCK))
    if not last.strip():
        return
    try:
        decode_line(last)
    except InvalidInputLine:
        raise EOFError from None
    yield [last]


def _frame(message: BatchMessage) -> tuple[bytes, bytes]:
    """Return what stands before and behind the record in a RECORD message."""
    stream = json.dumps(message.stream)
    version = "" if message.version is None else f',"version":{json.dumps(message.version)}'
    return f'{{"type":"RECORD","stream":{stream}{version},"record":'.encode(), b"}"


def _framed(line: Line, begin: bytes, end: bytes) -> bytes:
    """Return the RECORD message of a line; the line itself if it is blank or no JSON object."""
    content = bytes(line) if isinstance(line, bytes) else line.encode()
    if content.lstrip()[:1] != b"{":
        return content
    try:
        _check(content)
    except DECODE_ERRORS:
        # Python's parser reads more: NaN, and halves of surrogate pairs.
        try:
            decode_line(content)
        except InvalidInputLine:
            return content
    return b"".join((begin, content.strip(), end))


def _decoded(begin: bytes, decode: Callable[[Line], DecodedMessage], line: Line) -> DecodedMessage:
    if not isinstance(line, bytes) or not line.startswith(begin):
        decode(line)
        raise InvalidInputLine("A line of a BATCH file is JSON, but not an object")
    return decode(line)


def _plain(file: IO[bytes]) -> Callable[[int], bytes]:
    return file.read


def _gzip(file: IO[bytes]) -> Callable[[int], bytes]:
    return GzipFile(fileobj=file, mode="rb").read


def _zstd(file: IO[bytes]) -> Callable[[int], bytes]:
    with extra("parquet", "A BATCH file that zstd has compressed"):
        import pyarrow as pa  # noqa: PLC0415 (an extra)

    read: Callable[[int], bytes] = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd").read
    return read


_OPENERS: Final[Mapping[str, Callable[[IO[bytes]], Callable[[int], bytes]]]] = {
    "none": _plain,
    "gzip": _gzip,
    "zstd": _zstd,
}
"""Compression -> returns what reads the bytes of a file."""
