"""`python -m tools.pictures` takes the pictures of docs/seeing.md and docs/sandbox.md, in Chromium, of made-up data."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tools.generated import ROOT
from tools.pictures.history import RUN, write_history

FOLDER: Final = ROOT / "docs" / "pictures"
_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


class Picture(NamedTuple):
    """A page to take a picture of, and how wide and high it is."""

    path: str
    width: int = 1200
    height: int = 900
    scheme: Literal["light", "dark"] = "light"


PICTURES: Final[Mapping[str, Picture]] = {
    "runs": Picture("/"),
    "run": Picture(f"/runs/{RUN}", height=1100),
    "rejects": Picture(f"/runs/{RUN}/rejects", height=700),
    "requests": Picture(f"/runs/{RUN}/requests", height=600, scheme="dark"),
    "phone": Picture(f"/runs/{RUN}", 390, 760, "dark"),
}
"""Of the page of runs, by the names of their files."""

SANDBOX_PICTURES: Final[Mapping[str, Picture]] = {
    "sandbox-user": Picture("/_page/users/7", height=640),
    "sandbox-controls": Picture("/_page/controls", height=900, scheme="dark"),
}
"""Of the page of the sandbox."""


def main() -> None:
    """Take all pictures."""
    chromium = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if chromium is None:
        sys.exit("There is no Chromium here: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for served, pictures in ((_runs(), PICTURES), (_sandbox(), SANDBOX_PICTURES)):
            with served as url:
                for name, picture in pictures.items():
                    _take(browser, url, name, picture)
        browser.close()


@contextmanager
def _runs() -> Iterator[str]:
    """URL of the page of a made-up history."""
    with TemporaryDirectory() as folder:
        place = write_history(Path(folder), datetime.now(UTC))
        command = [sys.executable, "-m", "iterable_runs.cli", "serve", "--port", "0", "--store", place]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 (our own)
            yield server.stdout.readline().split()[-1] if server.stdout else ""
            server.terminate()


@contextmanager
def _sandbox() -> Iterator[str]:
    """URL of a sandbox with a seeded project, and two faults."""
    until = datetime(2026, 11, 1, tzinfo=UTC)
    with Sandbox(clock=StoppedClock(until)) as sandbox:
        sandbox.seed(users=100, events=2_000, until=until)
        sandbox.inject("gateway", route="GET /api/lists/getUsers", times=3)
        sandbox.inject("reset_after", route="POST /api/events/*", every=10, times=None)
        yield sandbox.url


def _take(browser: Browser, url: str, name: str, picture: Picture) -> None:
    with browser.new_context(
        viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
    ) as context:
        tab = context.new_page()
        tab.goto(url + picture.path)
        tab.screenshot(path=FOLDER / f"{name}.png")


main()
