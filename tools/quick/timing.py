"""A plugin of pytest that remembers how long test files take, and begins no test after a given time."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from tools.generated import ROOT

_FILE: Final = ".durations.json"

OUT_OF_TIME: Final = "no time left"


def durations(root: Path = ROOT) -> dict[str, float]:
    """The seconds that each test file took when it was last run as a whole, by path."""
    file = root / _FILE
    return dict(json.loads(file.read_text())) if file.exists() else {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option, which workers of xdist get, too."""
    parser.addoption("--seconds", type=float, default=math.inf, help="begin no test so long after the first one")


def pytest_configure(config: pytest.Config) -> None:
    """Watch the time in each process, and listen where the reports of all workers arrive."""
    config.pluginmanager.register(_Deadline(config.getoption("--seconds")))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder())


class _Deadline:
    """Skips the tests that come too late; the first one never does."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: float | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        if self._first is None:
            self._first = time.monotonic()
        elif time.monotonic() - self._first > self._seconds:
            pytest.skip(OUT_OF_TIME)


class _Recorder:
    """Adds up what the tests of a file take."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._cut: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file = report.nodeid.partition("::")[0]
        self._seconds[file] += report.duration
        if report.skipped and OUT_OF_TIME in report.longreprtext:
            self._cut.add(file)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the times of whole files."""
        partly = self._cut | {argument.partition("::")[0] for argument in session.config.args if "::" in argument}
        taken = {file: round(seconds, 2) for file, seconds in self._seconds.items() if file not in partly}
        if taken:
            root = session.config.rootpath
            fresh = root / f"{_FILE}.new"
            fresh.write_text(json.dumps(durations(root) | taken, indent=0, sort_keys=True))
            fresh.replace(root / _FILE)
