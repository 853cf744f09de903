"""The commands that send the rejects of a run again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from iterable_runs.queries.answers import Run, StreamOfRun

_UNDER_MELTANO = "meltano invoke target-iterable --input {}"
_ALONE = "target-iterable --config CONFIG --input {}"


def replay_commands(run: Run, streams: Sequence[StreamOfRun]) -> Iterator[tuple[str, str]]:
    """The command for each stream that has a file of rejects, with the stream's name.

    A run of Meltano is replayed by Meltano, which knows the settings.
    """
    form = _UNDER_MELTANO if run.is_of_meltano else _ALONE
    for stream in streams:
        if stream.rejects_path:
            yield stream.name, form.format(shlex.quote(stream.rejects_path))


def file_of(run: Run, stream: StreamOfRun) -> Path | None:
    """Where the file of rejects of a stream is; None if there is none."""
    return Path(run.directory, stream.rejects_path) if stream.rejects_path else None
