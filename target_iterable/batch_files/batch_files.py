"""The files of BATCH messages in one run: those that the settings allow become blocks of RECORD messages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import IO, Any, Final, TypeAlias

from iterable_api.storage.extras import EXTRAS, MissingExtraError, extra
from target_iterable.batch_files import json_lines
from target_iterable.batch_files.batch_message import JSON_LINES, PARQUET, BatchMessage, batch_message
from target_iterable.batch_files.covered_files import CoveredFiles
from target_iterable.batch_files.errors import BatchFileError, not_readable, reason_of
from target_iterable.batch_files.locations import FILE, Location, allowed, location
from target_iterable.batch_files.storage import Storage
from target_iterable.columnar.line_block import DecodedMessage, MessageBlock
from target_iterable.config.batch_settings import DELETES, PARAMS, ROOTS
from target_iterable.config.setting_error import SettingError
from target_iterable.core.source import Line

_Decode: TypeAlias = Callable[[Line], DecodedMessage]


class BatchFiles:
    """Reads the files of BATCH messages, and deletes them if the settings say so.

    Args:
        config: the settings.
        states: returns how many STATE messages have come.
        deletes: whether files may be deleted at all.

    Raises:
        SettingError: for `batch_roots` and `batch_storage_params`.
    """

    def __init__(self, config: Mapping[str, Any], states: Callable[[], int], *, deletes: bool = True) -> None:
        self._roots = [_root(text) for text in config[ROOTS]]
        self._storage = Storage(_params(config.get(PARAMS) or {}))
        self._deletes = deletes and config[DELETES]
        self._states = states
        self.covered = CoveredFiles(self._storage.delete)

    def blocks(self, message: Mapping[str, Any], decode: _Decode) -> Generator[MessageBlock, None, None]:
        """Yield the records of all files that a BATCH message names. Nothing is read unless all of them are allowed.

        Raises:
            InvalidInputLine: if the message has not the right form.
            BatchFileError: if a file is not allowed, missing or broken.
            MissingExtraError: if it takes an extra of the package that is not installed.
        """
        batch = batch_message(message)
        for place in [self._checked(batch.stream, url) for url in batch.urls]:
            yield from self._blocks_of(place, batch, decode)
            if self._deletes:
                self.covered.add(self._states(), place)

    def _blocks_of(self, place: Location, batch: BatchMessage, decode: _Decode) -> Iterator[MessageBlock]:
        try:
            with self._storage.open(place) as file:
                yield from _READERS[batch.format](file, batch, str(place), decode)
        except (BatchFileError, MissingExtraError):
            raise
        except Exception as error:
            raise not_readable(batch.stream, place, reason_of(error)) from error

    def _checked(self, stream: str, url: str) -> Location:
        """Return the place of a file that may be read."""
        try:
            place = location(url)
        except ValueError as error:
            raise BatchFileError(f"Stream {stream!r}: the URL of a BATCH file {error}. It is not read.") from None
        found = allowed(place, self._roots)
        if found is None:
            leads = place.resolved()
            raise BatchFileError(
                f"Stream {stream!r}: the BATCH file {str(leads)!r} is below none of the roots in the setting "
                f"`{ROOTS}`. If it may be read, add {str(leads.parent)!r} to `{ROOTS}`."
            )
        return found


def _root(text: str) -> Location:
    try:
        place = location(text.rstrip("/") or text)
    except ValueError as error:
        raise SettingError(f"`{ROOTS}` has a root that {error}.") from None
    if place.scheme == FILE and not place.segments[1:]:
        raise SettingError(f"`{ROOTS}` has a root that is all of this machine.")
    return place


def _params(given: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    known = (FILE, *EXTRAS)
    for scheme, params in given.items():
        if scheme not in known:
            raise SettingError(f"`{PARAMS}` has an unknown scheme {scheme!r}. It can be {', '.join(known)}.")
        if not isinstance(params, Mapping):
            raise SettingError(f"`{PARAMS}` must have an object for {scheme!r}.")
    return given


def _parquet_blocks(file: IO[bytes], batch: BatchMessage, name: str, decode: _Decode) -> Iterator[MessageBlock]:
    with extra(PARQUET, f"The BATCH file {name!r}"):
        from target_iterable.batch_files.parquet import row_blocks  # noqa: PLC0415 (an extra)

    return row_blocks(file, batch, name, decode)


_READERS: Final[Mapping[str, Callable[[IO[bytes], BatchMessage, str, _Decode], Iterator[MessageBlock]]]] = {
    JSON_LINES: json_lines.line_blocks,
    PARQUET: _parquet_blocks,
}
"""Format -> yields the records of a file."""
