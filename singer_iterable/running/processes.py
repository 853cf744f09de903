"""An extractor and a loader, joined by a pipe.

What the extractor writes goes through this process, so that both end soon if this one is killed: the next write of the
extractor fails, and the loader comes to the end of its input.
"""

from __future__ import annotations

import json
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
_SECONDS_TO_END: Final = 30
_ENDED_EARLY: Final = 1
"""Exit code of a loader that ended well, and before its input did."""

Tell = Callable[[str], None]
OnState = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Ended:
    """How a process ended, with the last lines of its log, without secrets."""

    name: str
    code: int
    log: Sequence[str]


@dataclass(frozen=True)
class PipeEnded:
    """How both ended."""

    extractor: Ended
    loader: Ended

    @property
    def failed(self) -> Ended | None:
        """The one to look at, if one failed. A loader that fails takes the extractor with it."""
        return next((one for one in (self.loader, self.extractor) if one.code), None)


def piped(
    extractor: Sequence[str], loader: Sequence[str], folder: Path, *, on_state: OnState, redact: Redactor, tell: Tell
) -> PipeEnded:
    """Run both to their ends.

    Args:
        extractor: its command line.
        loader: its command line.
        folder: where they run.
        on_state: gets each state that the loader writes: all before it is in its destination.
        redact: takes secrets out of their logs.
        tell: gets each line of their logs; it is called from several threads.
    """
    with _running(extractor, folder) as tap, _running(loader, folder, stdin=subprocess.PIPE) as target:
        logs = [_Log(process, redact, tell) for process in (tap, target)]
        pump = _Pump(tap, target)
        for state in _states(target):
            on_state(state)
        code = target.wait()
        if not pump.is_at_end:
            # The extractor may wait for a limit, and would notice only at its next write.
            tap.terminate()
            code = code or _ENDED_EARLY
        pump.join()
        names = Path(extractor[0]).name, Path(loader[0]).name
        return PipeEnded(Ended(names[0], tap.wait(), logs[0].last()), Ended(names[1], code, logs[1].last()))


@contextmanager
def _running(
    command: Sequence[str], folder: Path, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 (the command is in the definitions)
        command, cwd=folder, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
        self.join(_SECONDS_TO_END)
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
