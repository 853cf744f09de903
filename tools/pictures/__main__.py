"""`python -m tools.pictures` takes the pictures of docs/seeing.md: the page, in Chromium, of a made-up history."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

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
"""By the names of their files."""


def main() -> None:
    """Take all pictures."""
    chromium = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if chromium is None:
        sys.exit("There is no Chromium here: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        place = write_history(Path(folder), datetime.now(UTC))
        command = [sys.executable, "-m", "iterable_runs.cli", "serve", "--port", "0", "--store", place]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:  # noqa: S603 (our own)
            url = server.stdout.readline().split()[-1] if server.stdout else ""
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for name, picture in PICTURES.items():
                _take(browser, url, name, picture)
            browser.close()
            server.terminate()


def _take(browser: Browser, url: str, name: str, picture: Picture) -> None:
    with browser.new_context(
        viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
    ) as context:
        tab = context.new_page()
        tab.goto(url + picture.path)
        tab.screenshot(path=FOLDER / f"{name}.png")


main()
