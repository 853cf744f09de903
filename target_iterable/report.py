"""What a run has done: one line per stream in the log, and the summary as a file."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Final

from target_iterable.delivery.tally import Tally
from target_iterable.setting_error import SettingError

_logger: Final = logging.getLogger("target-iterable")


class Report:
    """Writes the summary at the start, so that a path that cannot be written fails before data moves, and at the end.

    The file holds `finished` (whether the input was read and delivered to its end) and `streams`: name
    -> the object, and the numbers of `Tally`.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._tallies: dict[str, tuple[str, Tally]] = {}
        try:
            self._write(finished=False)
        except OSError as error:
            raise SettingError(f"`summary_path` cannot be written: {error.strerror}") from None

    def include(self, stream: str, object_: str, tally: Tally) -> None:
        """Report on `stream`, too."""
        self._tallies[stream] = (object_, tally)

    def close(self, *, finished: bool) -> None:
        """Log one line per stream and write the summary."""
        for stream, (object_, tally) in self._tallies.items():
            _logger.info("%s -> %s: %s", stream, object_, tally)
        self._write(finished=finished)

    def _write(self, *, finished: bool) -> None:
        if self._path is not None:
            streams = {
                stream: {"object": object_, **tally.as_dict()} for stream, (object_, tally) in self._tallies.items()
            }
            _replace(self._path, json.dumps({"finished": finished, "streams": streams}, indent=2) + "\n")


def _replace(path: Path, text: str) -> None:
    """Never leaves half a file for somebody who reads at the same time."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
