"""A step: an extractor and a loader run together, with their state, and what they have come to.

step = Step(
    extractor=Command("tap-iterable", {"api_key": key, "start_date": "2026-10-07", "end_date": "2026-10-08"}),
    loader=Command("target-postgres", {"sqlalchemy_url": url}),
    state="north/email_events/2026-10-07",
    streams=["email_*"],
)
with closing(state_store("s3://bucket/states")) as store:
    ended = run_step(step, store, folder, attempt=run_id, secrets=[key, url])
print(ended.extracted.totals.read)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from singer_iterable.running.catalogs import discovered, selected
from singer_iterable.running.folders import run_folder
from singer_iterable.running.numbers import Numbers, numbers_of
from singer_iterable.running.plugins import Command, private_files
from singer_iterable.running.processes import Ended, PipeEnded, Tell, piped
from singer_iterable.running.redaction import Redactor
from singer_iterable.running.state_stores import State, StateStore

_SECONDS_BETWEEN_STATES: Final = 10
_ATTEMPT: Final = "attempt"
_STATE: Final = "state"
_USAGE_ERROR: Final = 2
"""Exit code of a command that was called in a wrong way, by the custom of Unix and of click."""


class StepFailedError(Exception):
    """The extractor or the loader has failed.

    Attributes:
        log: the last lines of its log, without secrets.
        run: its id in the run history; None if it has none.
        is_worth_a_retry: whether it may succeed the next time.
    """

    def __init__(self, ended: Ended, numbers: Numbers | None) -> None:
        self.log = "\n".join(ended.log)
        self.run = numbers.run if numbers else None
        self.is_worth_a_retry = ended.code != _USAGE_ERROR and (numbers is None or numbers.is_worth_a_retry)
        reason = (numbers.error if numbers else "") or (ended.log[-1] if ended.log else "Its log is empty.")
        super().__init__(f"{ended.name} has failed with exit code {ended.code}: {reason}")


@dataclass(frozen=True)
class Step:
    """What a step runs.

    Attributes:
        state: the name under which its state is kept.
        streams: names or globs, and `without` those that are left out.
        metadata: name or glob of a stream -> its metadata in the catalog.
        goes_on: whether it begins where the last one ended. If not, only another try of the same attempt goes on where
            that broke off, and a new one reads everything.
    """

    extractor: Command
    loader: Command
    state: str
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
    folder: Path | None


def log_to_stderr(line: str) -> None:
    """Where the logs of plugins go by themselves."""
    sys.stderr.write(f"{line}\n")


def run_step(
    step: Step,
    store: StateStore,
    folder: Path,
    *,
    attempt: str,
    secrets: Iterable[str] = (),
    tell: Tell = log_to_stderr,
) -> StepEnded:
    """Run a step.

    Args:
        step: what to run.
        store: where its state is kept.
        folder: a directory for this run alone. It is made, and removed if nothing is left in it.
        attempt: the same text for a run and its retries.
        secrets: what must not be in a log or an error.
        tell: gets the lines of the logs; it is called from several threads.

    Raises:
        StepFailedError: if one of the two fails. What was loaded stays, and state has not moved past the rest.
        DiscoveryFailedError, NoStreamError, PluginMissingError, StateStoreError: before or between.
    """
    began, since = monotonic(), datetime.now(UTC)
    state = _StateOfStep(store, step, attempt)
    with run_folder(folder) as here:
        ended = _piped(step, here, state, Redactor(secrets), tell)
        extracted, loaded = (numbers_of(one.plugin, one.config, here, since) for one in (step.extractor, step.loader))
        if ended.failed is not None:
            raise StepFailedError(ended.failed, _numbers_of(ended.failed, loaded, extracted))
        state.end()
    return StepEnded(extracted, loaded, round(monotonic() - began, 3), here if here.exists() else None)


def _piped(step: Step, folder: Path, state: _StateOfStep, redact: Redactor, tell: Tell) -> PipeEnded:
    with private_files() as files:
        catalog = discovered(step.extractor, files, folder, redact)
        chosen = selected(catalog, step.streams, step.without, step.metadata)
        extractor = [*step.extractor.line(files), "--catalog", files.write("catalog", chosen)]
        if state.before is not None:
            extractor += ["--state", files.write("state", state.before)]
        return piped(extractor, step.loader.line(files), folder, on_state=state, redact=redact, tell=tell)


def _numbers_of(ended: Ended, *numbers: Numbers | None) -> Numbers | None:
    return next((one for one in numbers if one is not None and one.plugin == ended.name), None)


class _StateOfStep:
    """The state of a step in the store, from its beginning to its end."""

    def __init__(self, store: StateStore, step: Step, attempt: str) -> None:
        self._store = store
        self._step = step
        self._attempt = attempt
        self._last: State | None = None
        self._next_write = 0.0
        kept = store.read(step.state)
        is_mine = kept is not None and (step.goes_on or kept[_ATTEMPT] == attempt)
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
            self._store.write(self._step.state, {_ATTEMPT: self._attempt, _STATE: self._last})
