"""Where batch files come to lie: a file has its name only when it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import fsspec
from singer_sdk.helpers._batch import StorageTarget

from iterable_api.errors import IterableError
from iterable_api.storage.extras import ALIASES, EXTRAS, extra


class BatchFileNotWrittenError(IterableError):
    """A batch file cannot be made, or cannot be put into its place."""


@contextmanager
def explained_errors(stream: str, setting: str, place: str = "", errors: type[Exception] = OSError) -> Iterator[None]:
    """Tell errors of disks and storage.

    Args:
        stream: whose rows are in the file.
        setting: names the place.
        place: the place itself, if it can be shown: a URL may hold a password.
        errors: those that are meant. Their text is not told: it may hold what `params` of the storage hold.

    Raises:
        BatchFileNotWrittenError: if there is one.
    """
    try:
        yield
    except errors as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise BatchFileNotWrittenError(
            f"Stream {stream!r}: a batch file cannot be written{place and f' in {place!r}'}: {cause}. "
            "No message names it, and state has not moved past it. "
            f"Free space or give access there, or name another place by `{setting}`"
        ) from None


def check_extra(storage: StorageTarget) -> None:
    """Check whether the library of the storage is there.

    Raises:
        MissingExtraError: if it is not.
    """
    protocol = urlsplit(storage.root).scheme
    scheme = ALIASES.get(protocol, protocol)
    if scheme in EXTRAS:
        with extra(EXTRAS[scheme], f"`batch_config` with a root of {protocol}://"):
            fsspec.get_filesystem_class(protocol)


def store(storage: StorageTarget, spool: IO[bytes], name: str) -> str:
    """Copy a file that is whole to its place, where it gets its name at the end; its URL.

    Raises:
        OSError: if the storage does not take it.
    """
    spool.seek(0)
    url = str(storage.get_url(name))
    if urlsplit(url).scheme == "file":
        _keep(spool, Path(url2pathname(urlsplit(url).path)))
    else:
        # The SDK writes in a transaction of fsspec: an object is there when all of it has come.
        with storage.open(name, "wb") as file:
            shutil.copyfileobj(spool, file)
    return url


def _keep(spool: IO[bytes], path: Path) -> None:
    """A file of the SDK's transaction would be moved from another disk, and be there before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            shutil.copyfileobj(spool, file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
