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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from iterable_runs.store.statuses import INTERRUPTED, SUCCEEDED
from singer_iterable.running.catalogs import discovered, selected
from singer_iterable.running.days import check_that_it_is_over
from singer_iterable.running.endings import OUR_PLUGINS, Ending, ending_at, environment
from singer_iterable.running.folders import run_folder
from singer_iterable.running.numbers import Numbers, numbers_of
from singer_iterable.running.plugins import EXTRACTOR, LOADER, Command, private_files
from singer_iterable.running.processes import Ended, Program, Tell, piped
from singer_iterable.running.redaction import Redactor
from singer_iterable.running.state_stores import State, StateStore, StateStoreError
from singer_iterable.running.termination import ended_in_order

_TAP: Final = "tap-iterable"
_SECONDS_BETWEEN_STATES: Final = 10
_ATTEMPT: Final = "attempt"
_STATE: Final = "state"
_INTERRUPTED: Final = "A signal has asked it to end before it had done everything."
_SILENT: Final = (
    "It has not said whether it has done everything: install the same version for the orchestrator and the plugins."
)


class StepFailedError(Exception):
    """The extractor or the loader has failed, or a signal has ended it before it had done everything.

    Attributes:
        log: the last lines of its log, without secrets.
        run: its id in the run history; None if it has none.
        is_worth_a_retry: whether it may succeed the next time.
    """

    def __init__(self, outcome: _Outcome) -> None:
        ended, numbers = outcome.ended, outcome.numbers
        self.log = "\n".join(ended.log)
        self.run = numbers.run if numbers else None
        self.is_worth_a_retry = outcome.is_worth_a_retry
        reason = outcome.reason or (numbers.error if numbers else "")
        reason = reason or (ended.log[-1] if ended.log else "Its log is empty.")
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
        NotOverError: if a range of time is to be read that is not over.
        DiscoveryFailedError, NoStreamError, PluginMissingError, StateStoreError: before or between.
    """
    began = monotonic()
    if step.extractor.plugin == _TAP and not step.goes_on:
        check_that_it_is_over(step.extractor.config)
    state = _StateOfStep(store, step, attempt)
    with ended_in_order(), run_folder(folder) as here, state.kept_on_failure():
        outcomes = _run(step, here, state, Redactor(secrets), tell)
        if failed := next((one for one in outcomes if one.has_failed), None):
            raise StepFailedError(failed)
        state.end()
        extracted, loaded = (outcome.numbers for outcome in sorted(outcomes, key=lambda one: one.role))
    return StepEnded(extracted, loaded, round(monotonic() - began, 3), here if here.exists() else None)


@dataclass(frozen=True)
class _Outcome:
    """How one of the two has ended, by all that is known of it."""

    role: str
    ended: Ended
    said: Ending
    numbers: Numbers | None

    @property
    def is_interrupted(self) -> bool:
        by_history = self.numbers is not None and self.numbers.status == INTERRUPTED
        return self.said.is_interrupted or by_history or (not self.said.status and self.ended.is_interrupted)

    @property
    def is_silent(self) -> bool:
        """Whether a plugin of ours has ended well as it seems, and nothing says that it has done everything."""
        is_known = bool(self.said.status) or (self.numbers is not None and self.numbers.status == SUCCEEDED)
        return self.ended.name in OUR_PLUGINS and not is_known

    @property
    def has_failed(self) -> bool:
        return bool(self.ended.code) or self.is_interrupted or self.is_silent

    @property
    def reason(self) -> str:
        """Why an exit code of 0 is none."""
        if self.is_interrupted:
            return _INTERRUPTED
        return _SILENT if not self.ended.code else ""

    @property
    def is_worth_a_retry(self) -> bool:
        return self.is_interrupted or self.said.is_worth_a_retry(self.ended.code)


def _run(step: Step, folder: Path, state: _StateOfStep, redact: Redactor, tell: Tell) -> Sequence[_Outcome]:
    """How both have ended; the one to look at is the first."""
    since = datetime.now(UTC)
    with private_files() as files:
        catalog = discovered(step.extractor, files, folder, redact)
        chosen = selected(catalog, step.streams, step.without, step.metadata)
        extractor = [*step.extractor.line(files, EXTRACTOR), "--catalog", files.write("catalog", chosen)]
        if state.before is not None:
            extractor += ["--state", files.write("state", state.before)]
        places = {role: files.path(f"{role}-ending") for role in (EXTRACTOR, LOADER)}
        ended = piped(
            Program(extractor, environment(places[EXTRACTOR])),
            Program(step.loader.line(files, LOADER), environment(places[LOADER])),
            folder,
            on_state=state,
            redact=redact,
            tell=tell,
        )
        outcomes = [
            _Outcome(role, one, ending_at(places[role]), numbers_of(command.plugin, command.config, folder, since))
            for role, one, command in (
                (EXTRACTOR, ended.extractor, step.extractor),
                (LOADER, ended.loader, step.loader),
            )
        ]
    return sorted(outcomes, key=lambda outcome: outcome.ended is not ended.failed)


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

    @contextmanager
    def kept_on_failure(self) -> Iterator[None]:
        """Keep the last state of the loader if the step fails: what is before it need not come again."""
        try:
            yield
        except BaseException:
            with suppress(StateStoreError):  # what has failed first is what to tell
                self._write()
            raise

    def end(self) -> None:
        """The step has done everything."""
        if self._step.goes_on:
            self._write()
        else:
            self._store.remove(self._step.state)

    def _write(self) -> None:
        if self._last is not None:
            self._store.write(self._step.state, {_ATTEMPT: self._attempt, _STATE: self._last})
