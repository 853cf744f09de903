"""Download of an export response: spooled to disk, and verified before its first line is read.

Iterable drops a connection whose reader is slow, so the network is never read at the speed of the
target. And a response that broke off must never pass for a whole one, so no row is emitted before its
end is verified.
"""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Final

import msgspec
import requests

from iterable_api.errors import IncompleteBodyError
from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from iterable_api.http.retries import NO_ANSWER
from iterable_api.http.stalling import is_framed
from tap_iterable.export.patience import Patience

_BLOCK: Final = 1 << 18


_DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ENOENT})


class SpoolNotWrittenError(Exception):
    """The disk does not take an answer. State has not moved past it."""


def spool_answer(
    client: IterableClient,
    path: str,
    params: Params,
    directory: Path | None,
    patience: Patience | None = None,
    *,
    stream: str,
) -> AbstractContextManager[IO[bytes]]:
    """The whole answer of a GET as a file at its start; the file is gone afterwards. See `spool_response`."""
    opened = client.stream(path, params=params)
    return spool_response(opened, path, client.on_answer, directory, patience, stream=stream)


@contextmanager
def spool_response(
    opened: AbstractContextManager[requests.Response],
    name: str,
    on_answer: Callable[[int], None],
    directory: Path | None,
    patience: Patience | None = None,
    *,
    stream: str,
) -> Iterator[IO[bytes]]:
    """The body of a response as a file at its start. The file has no name, so even `kill -9` leaves nothing behind.

    Args:
        opened: gives the response and closes it.
        name: the name of the response in errors; never its URL.
        on_answer: is called with the number of bytes.
        directory: the directory of the file; by default the system's temporary directory.
        patience: says when the body gets too large, or lasts too long.
        stream: the stream that the answer is for, named in errors of the disk.

    Raises:
        SpoolNotWrittenError: if the disk does not take it.
        IncompleteBodyError: if the body broke off, or its end cannot be verified.
        OversizeError: see `Patience`; the rest of the body is not read.
    """
    with ExitStack() as stack:
        with _explained_disk_errors(directory, stream):
            spool = stack.enter_context(tempfile.TemporaryFile(dir=directory, prefix="tap-iterable-", buffering=_BLOCK))
            stack.callback(_close, spool)
            with opened as response:
                _copy(response, spool, name, patience)
            on_answer(spool.tell())
            spool.seek(0)
        yield spool


def _close(spool: IO[bytes]) -> None:
    """Close a file, though the disk may not take what is still buffered: nobody reads it any more."""
    with suppress(OSError):
        spool.close()


@contextmanager
def _explained_disk_errors(directory: Path | None, stream: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        place = str(directory or tempfile.gettempdir())
        raise SpoolNotWrittenError(
            f"Stream {stream!r}: an answer cannot be kept in {place!r}: {error.strerror}. State has not moved past it. "
            "Free space there, or name another directory by `spool_directory`"
        ) from None


def has_whole_last_line(spool: IO[bytes]) -> bool:
    """Whether the last line is whole JSON: a server may end a broken answer like a whole one."""
    last = last_line(spool) or b"null"
    try:
        # No value is made of a good line, which may be large.
        msgspec.json.decode(last, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return _is_json(last)
    return True


def _is_json(text: bytes) -> bool:
    """Whether Python reads a text as JSON, which takes NaN and infinities for numbers."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _copy(response: requests.Response, spool: IO[bytes], name: str, patience: Patience | None) -> None:
    if not is_framed(response):
        raise IncompleteBodyError(f"{name}: the answer has neither a length nor chunks, so its end cannot be verified")
    if patience is not None:
        patience.begin()
    try:
        for block in response.iter_content(_BLOCK):
            if patience is not None:
                patience.see(name, spool.tell() + len(block))
            spool.write(block)
    except NO_ANSWER as error:
        raise IncompleteBodyError(f"{name}: the answer broke off ({type(error).__name__})") from None


def last_line(spool: IO[bytes]) -> bytes:
    """The last line that is not blank; the position is at the start afterwards."""
    start = end = 0
    for position, block in _blocks_backwards(spool):
        content = block if end else block.rstrip()
        end = end or (position + len(content) if content else 0)
        newline = content.rfind(b"\n")
        if newline >= 0:
            start = position + newline + 1
            break
    spool.seek(start)
    line = spool.read(end - start)
    spool.seek(0)
    return line


def _blocks_backwards(spool: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The blocks of a file from its end to its start, each with its position."""
    position = spool.seek(0, 2)
    while position:
        step = min(_BLOCK, position)
        position -= step
        spool.seek(position)
        yield position, spool.read(step)
