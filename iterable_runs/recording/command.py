"""The recording of the run that a command of a plugin makes, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from click.exceptions import Exit

from iterable_api.error_notes import in_sentences
from iterable_api.errors import RunEndedError
from iterable_api.redaction import without_addresses
from iterable_api.waiting.shutdown import SIGNAL_EXIT_CODE
from iterable_runs.recording.closing import log_closing
from iterable_runs.recording.ending_file import write_ending
from iterable_runs.recording.notes import RunNotes
from iterable_runs.recording.observers import RunObserver
from iterable_runs.recording.recorder import RunRecorder, Snapshot, now_in_microseconds
from iterable_runs.recording.surroundings import host_name, pipeline_name, working_directory
from iterable_runs.store.facts import RunEnd, RunStart
from iterable_runs.store.statuses import FAILED, INTERRUPTED, SUCCEEDED

_MAX_CHARACTERS: Final = 1_000


class RunRecording:
    """Records the run within its context, from when the plugin calls `begin`: it knows its settings by then.

    Args:
        plugin: name of the plugin.
        version: its version.
        explained: errors whose texts are sentences without anything personal. Of others only the class is recorded.
    """

    def __init__(self, plugin: str, version: str, explained: tuple[type[Exception], ...]) -> None:
        self._plugin = plugin
        self._version = version
        self._explained = explained
        self._recorder: RunRecorder | None = None
        self._started_at = now_in_microseconds()
        self._is_interrupted = False
        self._is_open = False

    def begin(
        self,
        run_id: str,
        snapshot: Snapshot,
        observers: Sequence[RunObserver],
        *,
        dry_run: bool = False,
        request_log: str | None = None,
    ) -> RunNotes | None:
        """Begin to record, if there is anybody to tell.

        Returns:
            What takes notes of requests and identities; None if nothing is recorded.
        """
        if not (observers and self._is_open):
            return None
        run = RunStart(
            run_id,
            self._plugin,
            self._version,
            pipeline_name(os.environ),
            host_name(),
            working_directory(),
            self._started_at,
            dry_run,
            request_log,
        )
        self._recorder = RunRecorder(run, snapshot, observers)
        self._recorder.start()
        return self._recorder.notes

    def interrupt(self) -> None:
        """Remember that a signal has asked the run to end. A handler of signals may call this."""
        self._is_interrupted = True

    def end_by_force(self, number: int) -> None:
        """Record that the process is ended now, since it did not end in time after a signal of this number."""
        write_ending(INTERRUPTED)
        if self._recorder is not None:
            sentence = "A signal has asked the run to end, and what was under way did not end in time."
            self._recorder.end(RunEnd(INTERRUPTED, SIGNAL_EXIT_CODE + number, sentence, now_in_microseconds()))

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        ending = self._ending(error)
        write_ending(ending.status, error)
        if self._recorder is not None:
            self._recorder.end(ending)
            log_closing(self._recorder.run, ending, self._recorder.streams)

    def _ending(self, error: BaseException | None) -> RunEnd:
        code = exit_code(error)
        if self._is_interrupted or isinstance(error, KeyboardInterrupt | RunEndedError):
            status = INTERRUPTED
        else:
            status = FAILED if code else SUCCEEDED
        return RunEnd(status, code, self._sentence(error) if code else "", now_in_microseconds())

    def _sentence(self, error: BaseException | None) -> str:
        if isinstance(error, self._explained):
            return without_addresses(in_sentences(error))[:_MAX_CHARACTERS]
        if isinstance(error, SystemExit | Exit | KeyboardInterrupt):
            return ""
        return f"An error that is not expected ({type(error).__name__}): its traceback is in the log of the run."


def exit_code(error: BaseException | None) -> int:
    """The exit code of a command that ends with this error, or without one."""
    match error:
        case None:
            return 0
        case Exit():
            return error.exit_code
        case SystemExit(code=None):
            return 0
        case SystemExit(code=int(code)):
            return code
    return 1
