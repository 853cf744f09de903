"""Access to files in the storages that fsspec knows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import IO, Any

import fsspec

from iterable_api.storage.extras import EXTRAS, extra
from target_iterable.batch_files.locations import FILE, Location


class Storage:
    """Opens and deletes files. They are never named by a URL, so nothing in one is taken for more than a path.

    Args:
        params: scheme -> arguments of its file system.
    """

    def __init__(self, params: Mapping[str, Mapping[str, Any]]) -> None:
        self._params = params

    def open(self, place: Location) -> IO[bytes]:
        """Open a file for reading.

        Raises:
            MissingExtraError: if the extra of the scheme is not installed.
            Exception: if the file cannot be opened; each storage has errors of its own.
        """
        files = self._files(place)
        if place.scheme == FILE and files.exists(place.path) and not files.isfile(place.path):
            raise IsADirectoryError(None, "it is no file")
        opened: IO[bytes] = files.open(place.path, "rb")
        return opened

    def delete(self, place: Location) -> None:
        """Delete a file, and nothing else.

        Raises:
            Exception: if it cannot be deleted.
        """
        self._files(place).rm_file(place.path)

    def _files(self, place: Location) -> Any:
        with extra(EXTRAS[place.scheme], f"The BATCH file {str(place)!r}") if place.scheme in EXTRAS else nullcontext():
            return fsspec.filesystem(place.scheme, **self._params.get(place.scheme, {}))
