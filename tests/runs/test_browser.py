"""The page in a real browser: keyboard, screen readers, phone, dark, and nothing of what is hostile in it runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from iterable_runs.queries.rows import micros
from iterable_runs.store.tables import RUNS
from tests.browsers import HOSTILE, IN_BROWSERS, PHONE, chromium, objections, watched_tab
from tests.runs.conftest import Page
from tests.runs.histories import NOW, WrittenHistory

PATHS: Final = ("/", "/runs/bbbb", "/runs/bbbb/rejects", "/runs/bbbb/requests", "/runs/bbbb/requests/1", "/find")
MORE_PATHS: Final = ("/compare", "/compare?first=aaaa&second=bbbb", "/runs/cccc", "/runs/none")

pytestmark = IN_BROWSERS


@pytest.fixture(scope="module", autouse=True)
def runs(history: WrittenHistory) -> None:
    """A good run, one that is hostile, and one that goes on."""
    history.run("aaaa0000", NOW - timedelta(hours=2))
    history.stream("aaaa0000", "audience", read=100, written=100)
    history.run("bbbb0000", status="failed", exit_code=1, pipeline=HOSTILE, error=HOSTILE, rejected=3)
    history.stream("bbbb0000", HOSTILE, read=100, rejected=3, rejects_path="rejects/none.singer")
    history.rejects("bbbb0000", HOSTILE, HOSTILE, 3, HOSTILE)
    history.request("bbbb0000", 1, path=HOSTILE, stream=HOSTILE, status=503)
    history.rejects("bbbb0000", "audience", "tooLarge", 1)
    history.run("cccc0000", NOW, status="running", seen_at=micros(NOW + timedelta(hours=1)), ended_at=None)
    history.stream("cccc0000", "audience", read=100, limit_share=0.5)
    for second in range(20):
        history.sample("cccc0000", NOW + timedelta(seconds=second), read=second, limit_share=second / 20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A tab that fails the test if a script fails, or something is refused by the policy."""
    with watched_tab(browser) as tab:
        yield tab


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_in_either_scheme(browser: Browser, page: Page, scheme: str) -> None:
    assert objections(browser, page.url, (*PATHS, *MORE_PATHS), scheme) == []


def test_nothing_that_a_run_has_noted_is_run_by_the_browser(tab: Tab, page: Page) -> None:
    for path in PATHS:
        tab.goto(page.url + path)
        assert tab.title().endswith("Iterable runs")
        assert tab.locator("img, script:not([src])").count() == 0
        if path not in ("/", "/find"):
            expect(tab.get_by_text(HOSTILE).first).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/runs/bbbb", "/runs/bbbb/requests", "/runs/bbbb/rejects", "/compare"])
def test_a_phone_has_to_scroll_in_one_direction_only(browser: Browser, page: Page, path: str) -> None:
    with browser.new_context(viewport=PHONE) as context:
        tab = context.new_page()
        tab.goto(page.url + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_bars_are_as_long_as_the_shares_that_they_show(tab: Tab, page: Page) -> None:
    tab.goto(page.url + "/runs/bbbb/rejects")
    boxes = [bar.bounding_box() for bar in tab.locator("rect.bar").all()]
    widths = [box["width"] for box in boxes if box]
    assert widths[0] == pytest.approx(3 * widths[1], rel=0.05)


def test_everything_is_reached_by_the_keyboard(tab: Tab, page: Page) -> None:
    tab.goto(page.url + "/runs/bbbb")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    tab.keyboard.press("Enter")
    for _ in range(40):
        tab.keyboard.press("Tab")
        if "replay" in tab.evaluate("document.activeElement.textContent"):
            break
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("target-iterable --config CONFIG --input rejects/none.singer")).to_be_visible()


def test_a_run_that_goes_on_is_brought_up_to_date_without_being_asked(
    tab: Tab, page: Page, history: WrittenHistory
) -> None:
    tab.goto(page.url + "/runs/cccc")
    with history.engine.begin() as connection:
        connection.execute(RUNS.update().where(RUNS.c.id == "cccc0000").values(read=123_456))
    tab.get_by_text("123,456").first.wait_for(timeout=30_000)
    with history.engine.begin() as connection:
        connection.execute(
            RUNS.update().where(RUNS.c.id == "cccc0000").values(status="succeeded", ended_at=micros(NOW))
        )
    tab.locator(".status.succeeded").wait_for(timeout=30_000)


def test_without_scripts_the_page_shows_the_same(browser: Browser, page: Page) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(page.url + "/runs/bbbb")
        tab.get_by_text("Show the command to replay").click()
        expect(tab.get_by_text("target-iterable --config CONFIG --input")).to_be_visible()
        tab.goto(page.url + "/find")
        tab.get_by_label("E-mail address, userId or item id").fill("ann@example.com")
        tab.get_by_role("button", name="Find").click()
        expect(tab.get_by_text("No kept run has sent or rejected it")).to_be_visible()
        assert "ann" not in tab.url
