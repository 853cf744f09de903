"""One step: an extractor and a loader run together, with their state, and what they have come to."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

import dagster as dg

from singer_iterable.dagster.failures import as_failures, failure_of
from singer_iterable.dagster.projects import Plugin
from singer_iterable.dagster.secrets import Secrets
from singer_iterable.running.catalogs import discovered, selected
from singer_iterable.running.folders import run_folder
from singer_iterable.running.numbers import Numbers, numbers_of
from singer_iterable.running.plugins import Command, private_files
from singer_iterable.running.processes import PipeEnded, piped
from singer_iterable.running.redaction import Redactor
from singer_iterable.running.state_stores import State, StateStore, state_store

_SECONDS_BETWEEN_STATES: Final = 10
_RUN: Final = "run"
_STATE: Final = "state"


@dataclass(frozen=True)
class Step:
    """What a step runs.

    Attributes:
        folder: where it leaves its files, below the work directory.
        state: the name under which its state is kept.
        settings: settings of the extractor that come with the step.
        streams: names or globs, and `without` those that are left out.
        metadata: name or glob of a stream -> its metadata in the catalog.
        goes_on: whether it begins where the last run ended. If not, only a retry of the same run goes on where that
            broke off, and a new run reads everything.
    """

    folder: str
    state: str
    extractor: Plugin
    loader: Plugin
    settings: Mapping[str, Any] = field(default_factory=dict)
    streams: Sequence[str] = ("*",)
    without: Sequence[str] = ()
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    goes_on: bool = False


@dataclass(frozen=True)
class StepEnded:
    """What a step has come to.

    Attributes:
        extracted: the numbers of the extractor, if it is one of ours and keeps a run history; `loaded` the loader's.
        folder: the directory with the files that it has left, such as rejects; None if there are none.
    """

    extracted: Numbers | None
    loaded: Numbers | None
    seconds: float
    folder: str | None


@dataclass(frozen=True)
class Executor:
    """Runs steps, on any worker.

    Attributes:
        states: the place of the state store.
        work_directory: where runs leave their files.
    """

    states: str
    work_directory: str

    def run(self, context: dg.AssetExecutionContext, step: Step) -> StepEnded:
        """Run a step.

        Raises:
            dagster.Failure: if one of the two fails, or cannot be run. It says whether a retry is worth it.
        """
        began, secrets = monotonic(), Secrets()
        with as_failures():
            run = _Run(
                step,
                Command(step.extractor.command, secrets.plain({**step.extractor.config, **step.settings})),
                Command(step.loader.command, secrets.plain(step.loader.config)),
            )
            root = Path(secrets.plain(self.work_directory)).absolute() / step.folder
            with (
                closing(state_store(secrets.plain(self.states))) as store,
                run_folder(root / f"{context.run.run_id}-{context.retry_number}") as folder,
            ):
                state = _StateOfStep(store, step, context.run.root_run_id or context.run.run_id)
                started = datetime.now(UTC)
                ended = run(folder, secrets.redactor(), state)
                extracted, loaded = run.numbers(folder, started)
                if ended.failed is not None:
                    raise failure_of(ended.failed, loaded, extracted)
                state.end()
        return StepEnded(extracted, loaded, round(monotonic() - began, 3), str(folder) if folder.exists() else None)


class _StateOfStep:
    """The state of a step in the store, from its beginning to its end."""

    def __init__(self, store: StateStore, step: Step, run: str) -> None:
        self._store = store
        self._step = step
        self._run = run
        self._last: State | None = None
        self._next_write = 0.0
        kept = store.read(step.state)
        is_mine = kept is not None and (step.goes_on or kept[_RUN] == run)
        self.before: State | None = kept[_STATE] if kept is not None and is_mine else None

    def __call__(self, state: State) -> None:
        """Keep a state of the loader, now or with a later one: a bucket takes its time."""
        self._last = state
        if monotonic() >= self._next_write:
            self._write()
            self._next_write = monotonic() + _SECONDS_BETWEEN_STATES

    def end(self) -> None:
        """The step has done everything."""
        if self._step.goes_on:
            self._write()
        else:
            self._store.remove(self._step.state)

    def _write(self) -> None:
        if self._last is not None:
            self._store.write(self._step.state, {_RUN: self._run, _STATE: self._last})


@dataclass(frozen=True)
class _Run:
    step: Step
    extractor: Command
    loader: Command

    def numbers(self, folder: Path, since: datetime) -> tuple[Numbers | None, Numbers | None]:
        """Those of the extractor and of the loader, after both have run in a folder."""
        extracted, loaded = (numbers_of(one.name, one.config, folder, since) for one in (self.extractor, self.loader))
        return extracted, loaded

    def __call__(self, folder: Path, redact: Redactor, state: _StateOfStep) -> PipeEnded:
        with private_files() as files:
            catalog = discovered(self.extractor, files, folder, redact)
            chosen = selected(catalog, self.step.streams, self.step.without, self.step.metadata)
            extractor = [*self.extractor.line(files), "--catalog", files.write("catalog", chosen)]
            if state.before is not None:
                extractor += ["--state", files.write("state", state.before)]
            loader = self.loader.line(files)
            return piped(extractor, loader, folder, on_state=state, redact=redact, tell=_tell)


def _tell(line: str) -> None:
    """Into the log of the step, which Dagster keeps apart from its events."""
    sys.stderr.write(f"{line}\n")
