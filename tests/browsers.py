"""A browser without a window, and tabs that fail the test if a script fails or the policy refuses something."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ViewportSize, sync_playwright
from playwright.sync_api import Page as Tab

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE: Final = "<script>document.title='broken in'</script><img src=x onerror=\"document.title='broken in'\">"
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
IN_BROWSERS: Final = [
    pytest.mark.more,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        yield browser
        browser.close()


@contextmanager
def watched_tab(browser: Browser, **options: Any) -> Iterator[Tab]:
    """A tab in which nothing goes wrong but answers of 400 and 404, which browsers call errors."""
    with browser.new_context(**{"viewport": DESK, **options}) as context:
        tab = context.new_page()
        problems: list[str] = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        yield tab
        assert [problem for problem in problems if "404" not in problem and "400" not in problem] == []


def objections(browser: Browser, url: str, paths: tuple[str, ...], scheme: str) -> list[str]:
    """What axe objects to, on a desk and on a phone, in a colour scheme."""
    found = []
    for viewport in (DESK, PHONE):
        with watched_tab(browser, viewport=viewport, color_scheme=scheme) as tab:
            for path in paths:
                tab.goto(url + path)
                results = Axe().run(tab)
                if results.violations_count:
                    found.append(f"{path} {viewport}: {results.generate_report()}")
    return found
