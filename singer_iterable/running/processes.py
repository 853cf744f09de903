"""An extractor and a loader, joined by a pipe.

What the extractor writes goes through this process, so that both end soon if this one is killed: the next write of the
extractor fails, and the loader comes to the end of its input.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any, Final

from singer_iterable.running.redaction import Redactor

_CHUNK: Final = 1 << 18
_LAST_LINES: Final = 20
SECONDS_TO_END: Final = 30
"""How long a process may take to end after it was asked to. Then its group is killed."""
STOPPING: Final = "Gracefully shutting down..."
"""What the SDK logs when a signal asks a plugin to end."""
_SIGNAL_EXIT_CODE: Final = 128
"""A shell adds it to the number of the signal that has killed its command."""
_BROKEN_PIPES: Final = (-signal.SIGPIPE, _SIGNAL_EXIT_CODE + signal.SIGPIPE)
_ENDED_EARLY: Final = 1
"""Exit code of a loader that ended well, and before its input did."""

Tell = Callable[[str], None]
OnState = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Ended:
    """How a process ended, with the last lines of its log, without secrets.

    Attributes:
        code: its exit code; the number of a signal that killed it, negated.
        is_ended_by_us: whether we have ended it, because the other one needs it no more.
    """

    name: str
    code: int
    log: Sequence[str]
    is_ended_by_us: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether its log says that a signal has asked it to end. Plugins of the SDK end with 0 then."""
        return any(STOPPING in line for line in self.log)

    @property
    def is_killed(self) -> bool:
        """Whether a signal has killed it that is neither ours nor about its pipe, which the other one has closed."""
        is_by_signal = self.code < 0 or self.code > _SIGNAL_EXIT_CODE
        return is_by_signal and not self.is_ended_by_us and self.code not in _BROKEN_PIPES


@dataclass(frozen=True)
class PipeEnded:
    """How both ended."""

    extractor: Ended
    loader: Ended

    @property
    def failed(self) -> Ended | None:
        """The one to look at, if one failed.

        A loader that fails takes the extractor with it. One that gets half a line of a killed extractor cannot but
        fail.
        """
        if self.extractor.is_killed:
            return self.extractor
        return next((one for one in (self.loader, self.extractor) if one.code), None)


@dataclass(frozen=True)
class Program:
    """What is run: its command line, and the environment if it is not that of this process."""

    line: Sequence[str]
    environment: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """The name of the plugin."""
        return Path(self.line[0]).name


def piped(
    extractor: Program, loader: Program, folder: Path, *, on_state: OnState, redact: Redactor, tell: Tell
) -> PipeEnded:
    """Run both to their ends.

    Args:
        extractor: the program that writes.
        loader: the program that reads that.
        folder: where they run.
        on_state: gets each state that the loader writes: all before it is in its destination.
        redact: takes secrets out of their logs.
        tell: gets each line of their logs; it is called from several threads.
    """
    with _running(extractor, folder) as tap, _running(loader, folder, stdin=subprocess.PIPE) as target:
        try:
            return _joined(tap, target, on_state, [_Log(one.process, redact, tell) for one in (tap, target)])
        except BaseException:
            for one in (tap, target):  # both at once: whoever ends us may not wait for long
                one.send(signal.SIGTERM)
            raise


def _joined(tap: _Running, target: _Running, on_state: OnState, logs: Sequence[_Log]) -> PipeEnded:
    pump = _Pump(tap.process, target.process)
    for state in _states(target.process):
        on_state(state)
    code = target.process.wait()
    is_early = not pump.is_at_end
    if is_early:
        # The extractor may wait for a limit, and would notice only at its next write.
        tap.send(signal.SIGTERM)
        code = code or _ENDED_EARLY
        pump.join(SECONDS_TO_END)
        if pump.is_alive():
            tap.send(signal.SIGKILL)
    pump.join(SECONDS_TO_END)
    tap.end()
    return PipeEnded(
        Ended(tap.name, tap.process.wait(), logs[0].last(), is_early), Ended(target.name, code, logs[1].last())
    )


@dataclass(frozen=True)
class _Running:
    """A process with a group of its own, so that a wrapper does not leave behind what it has started."""

    name: str
    process: subprocess.Popen[bytes]

    def send(self, number: int) -> None:
        """Send a signal to the group; nothing happens if all of it has ended."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def end(self) -> None:
        """End the process: it is asked first, and killed if it goes on."""
        try:
            self.process.wait(0 if self.process.poll() is not None else SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.process.wait()


@contextmanager
def _running(program: Program, folder: Path, stdin: int = subprocess.DEVNULL) -> Iterator[_Running]:
    process = subprocess.Popen(  # noqa: S603 (the command is in the definitions)
        program.line,
        cwd=folder,
        env=program.environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    running = _Running(program.name, process)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.send(signal.SIGTERM)
            running.end()


class _Pump(Thread):
    """Moves what the extractor writes to the loader."""

    def __init__(self, extractor: subprocess.Popen[bytes], loader: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._source = _pipe(extractor.stdout)
        self._sink = _pipe(loader.stdin)
        self._end = Event()
        self.start()

    @property
    def is_at_end(self) -> bool:
        """Whether the extractor has closed its output. It is set before the loader can see that."""
        return self._end.is_set()

    def run(self) -> None:
        with self._source, suppress(BrokenPipeError), self._sink:
            while chunk := self._source.read1(_CHUNK):
                self._sink.write(chunk)
                self._sink.flush()
            self._end.set()


class _Log(Thread):
    """Hands on a log line by line, and remembers its end."""

    def __init__(self, process: subprocess.Popen[bytes], redact: Redactor, tell: Tell) -> None:
        super().__init__(daemon=True)
        self._stream = _pipe(process.stderr)
        self._redact = redact
        self._tell = tell
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self.start()

    def last(self) -> list[str]:
        """The last lines. A child of the process may hold its log open for longer, so the wait has an end."""
        self.join(SECONDS_TO_END)
        return [*self._last]

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                text = self._redact(line.decode(errors="replace").rstrip("\n"))
                self._last.append(text)
                self._tell(text)


def _states(loader: subprocess.Popen[bytes]) -> Iterator[Mapping[str, Any]]:
    with _pipe(loader.stdout) as output:
        for line in output:
            with suppress(ValueError):
                state = json.loads(line)
                if isinstance(state, dict):
                    yield state


def _pipe(stream: IO[bytes] | None) -> Any:
    """A pipe that was asked for, which types do not know; a buffered reader or writer."""
    return stream
