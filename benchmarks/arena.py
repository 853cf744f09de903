"""Where runs take place: the server, a folder for each run, and the inputs of the targets."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.comparing import Subject
from benchmarks.measuring import Cost, run
from benchmarks.rows import BROKEN, LOADS, Load
from benchmarks.server import Server, serving
from benchmarks.subjects.taps import Export, Tap
from benchmarks.subjects.targets import Target


class RecordsMissingError(Exception):
    """A subject did not move all records, so its speed means nothing."""


def _as_messages(cost: Cost, _folder: Path) -> Cost:
    return cost


@dataclass(frozen=True)
class Arena:
    """Makes subjects out of taps and targets."""

    server: Server
    folder: Path

    def tap(self, tap: Tap, counted: Callable[[Cost, Path], Cost] = _as_messages) -> Subject:
        """What reads one export; `counted` says how many rows it wrote, if not as RECORD messages."""
        return partial(self._read, tap, counted)

    def target(self, target: Target, stream: str = "events", *, broken: bool = False) -> Subject:
        """What writes the records of one stream; with `broken`, some of them cannot be written."""
        return partial(self._write, target, LOADS[stream], broken=broken)

    def writing(self, target: Target, load: Load) -> Subject:
        """What writes the records of any load."""
        return partial(self._write, target, load, broken=False)

    def peer(self, command: str) -> Tap:
        """Any other command; `{url}` in it becomes that of the API."""
        return lambda export, _folder: shlex.split(command.replace("{url}", export.url))

    def _read(self, tap: Tap, counted: Callable[[Cost, Path], Cost], rows: int) -> Cost:
        with self._folder() as folder:
            cost = counted(run(tap(Export(f"{self.server.url}/rows/{rows}", rows), folder), folder), folder)
        check(rows, cost.written)
        return cost

    def _write(self, target: Target, load: Load, records: int, *, broken: bool) -> Cost:
        messages = self._input(load, records, broken=broken)
        self.server.received()
        with self._folder() as folder:
            cost = run(target(self.server.url, load, folder), folder, messages)
        check(records - (records + BROKEN - 1) // BROKEN if broken else records, self.server.received())
        return cost

    def _input(self, load: Load, records: int, *, broken: bool) -> Path:
        path = self.folder / f"{load.stream}-{records}{'-broken' if broken else ''}.singer"
        if not path.exists():
            with path.open("wb") as file:
                file.writelines(load.blocks(records, broken=broken))
        return path

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)


@contextmanager
def arena() -> Iterator[Arena]:
    """An arena with a running server; nothing is left of it."""
    with serving() as server, TemporaryDirectory(prefix="bench-") as folder:
        yield Arena(server, Path(folder))


def check(expected: int, moved: int) -> None:
    """See that all records arrived.

    Raises:
        RecordsMissingError: if not.
    """
    if moved != expected:
        raise RecordsMissingError(f"{moved} records were moved instead of {expected}")
