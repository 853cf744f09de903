"""The page shows what the history holds, and what is hostile in it stays text."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from iterable_runs.queries.rows import micros
from iterable_runs.store.tables import HISTORY
from tests.runs.conftest import Page, served
from tests.runs.histories import NOW, WrittenHistory, run_row

HOSTILE = "<script>document.title='broken in'</script><img src=x onerror=\"document.title='broken in'\">'\"&{{ 7*7 }}"


class _Parsed(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module", autouse=True)
def runs(history: WrittenHistory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good run, one whose every text is hostile, one that runs, one that was killed, and one of the tap."""
    folder = tmp_path_factory.mktemp("pipeline")
    history.run("aaaa0000-good")
    history.stream("aaaa0000-good", "audience", read=100, written=100, bookmark_after="2026-11-29T00:00:00Z")
    hostile = {"pipeline": HOSTILE, "error": HOSTILE, "host": HOSTILE, "version": HOSTILE, "directory": str(folder)}
    history.run("bbbb0000-hostile", NOW - timedelta(minutes=30), status="failed", exit_code=1, rejected=3, **hostile)
    texts = {"object": HOSTILE, "bookmark_before": HOSTILE, "rejects_path": f"{HOSTILE}.singer".replace("/", "")}
    history.stream("bbbb0000-hostile", HOSTILE, read=100, rejected=3, **texts)
    history.rejects("bbbb0000-hostile", HOSTILE, HOSTILE, 3, HOSTILE)
    history.request("bbbb0000-hostile", 1, method=HOSTILE, path=HOSTILE, stream=HOSTILE, status=None)
    history.run("cccc0000-running", NOW, status="running", seen_at=micros(NOW + timedelta(hours=1)), ended_at=None)
    for second in range(5):
        history.sample("cccc0000-running", NOW + timedelta(seconds=second), read=second * 10, limit_share=second / 4)
    long_ago = NOW - timedelta(hours=3)
    history.run("dddd0000-killed", long_ago, status="running", seen_at=micros(long_ago), ended_at=None)
    history.run("eeee0000-tap", NOW - timedelta(hours=2), plugin="tap-iterable", written=None, rejected=None)
    return folder


def test_the_first_page_lists_runs_with_status_and_numbers(page: Page) -> None:
    text = _Parsed(page.get("/").text).text
    for expected in ("aaaa0000", "succeeded", "failed", "running", "killed", "no longer heard of", "tap-iterable"):
        assert expected in text
    assert "5 runs are kept" in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("status=killed", {"dddd0000"}),
        ("plugin=tap-iterable", {"eeee0000"}),
        ("pipeline=nowhere", set()),
        ("status=failed", {"bbbb0000"}),
    ],
)
def test_runs_can_be_narrowed_down(page: Page, query: str, shown: set[str]) -> None:
    text = page.get(f"/?{query}").text
    assert {name for name in ("aaaa0000", "bbbb0000", "cccc0000", "dddd0000", "eeee0000") if name in text} == shown


PAGES = ("", "/rejects", "/requests", "/requests/1")


@pytest.mark.parametrize("path", ["/", *(f"/runs/bbbb0000-hostile{end}" for end in PAGES)])
def test_nothing_that_a_run_has_noted_becomes_markup(page: Page, path: str) -> None:
    answer = page.get(path)
    parsed = _Parsed(answer.text)
    assert answer.status_code == 200
    assert HOSTILE in parsed.text
    assert parsed.tags.count("script") == 1
    assert "img" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name == "style"]
    assert "49" not in parsed.text.replace(HOSTILE, "").split()


def test_the_policy_lets_no_foreign_script_style_frame_or_form_through(page: Page) -> None:
    for path in ("/", "/runs/nothing", "/static/page.js", "/metrics", "/nothing"):
        policy = page.get(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.get(path).headers["Cache-Control"] == "no-store"


def test_a_run_that_goes_on_shows_charts_and_comes_up_to_date(page: Page) -> None:
    text = page.get("/runs/cccc0000-running").text
    assert 'data-live="3"' in text
    assert "Records over time" in text
    assert "Share of Iterable&#39;s limit over time" in text
    assert "data-live" not in page.get("/runs/aaaa0000-good").text


def test_a_run_is_found_by_the_first_letters_of_its_id(page: Page) -> None:
    assert "audience" in page.get("/runs/aaaa").text
    missing = page.get("/runs/zzzz")
    assert (missing.status_code, "No run has an id" in missing.text) == (404, True)
    assert page.get("/runs/%25").status_code == 404


def test_rejects_come_with_reason_record_and_the_command_to_replay(
    page: Page, history: WrittenHistory, runs: Path
) -> None:
    history.run("ffff0000-rejects", NOW - timedelta(hours=4), rejected=1, directory=str(runs))
    history.stream("ffff0000-rejects", "people", rejected=1, rejects_path="rejects/people one.singer")
    history.rejects("ffff0000-rejects", "people", "invalidEmails", 1, "email")
    (runs / "rejects").mkdir()
    schema = '{"type": "SCHEMA", "stream": "people", "schema": {}, "key_properties": ["email"]}\n'
    record = '{"type": "RECORD", "stream": "people", "record": {"email": "ann@@example.com"}, "reject": '
    reject = '{"code": "invalidEmails", "reason": "email is malformed", "field": "email", "at": "now"}}\n'
    (runs / "rejects" / "people one.singer").write_text(schema + record + reject)
    text = _Parsed(page.get("/runs/ffff/rejects?code=invalidEmails&stream=people").text).text
    assert "email = ann@@example.com" in text
    assert "email is malformed" in text
    assert "meltano invoke target-iterable --input 'rejects/people one.singer'" in text
    assert "not there" in page.get("/runs/bbbb/rejects").text


def test_what_somebody_looks_for_is_never_in_a_url(page: Page, history: WrittenHistory) -> None:
    history.identity("aaaa0000-good", "Ann@example.com", "written")
    found = page.post("/find", data={"identity": "ann@EXAMPLE.com"})
    assert "written" in found.text
    assert "aaaa0000" in found.text
    assert found.url.endswith("/find")
    assert 'method="post"' in page.get("/find").text
    assert "No kept run" in page.post("/find", data={"identity": "bob@example.com"}).text
    assert page.post("/find", data={}).status_code == 400
    assert page.post("/find", data="&".join(["a=1"] * 1_000)).status_code == 400
    assert page.post("/find", data=b"\xff\xfe=%ff&identity=%00").status_code == 200
    assert page.post("/find", data={"identity": "x" * 10_000}).status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/aaaa/requests/99999999999999999999999", 404),
        ("/runs/%00", 404),
        ("/runs/%ED%A0%80", 404),
        ("/?before=999999999999999999999.x&pipeline=%00%FF", 200),
        ("/?after=1.%00&status=%F0", 200),
        ("/runs/bbbb/rejects?stream=x&position=-1", 200),
        ("/runs/bbbb/requests?before=999999999999999", 200),
        ("/compare?first=%25&second=_", 200),
        ("/static/..%2fapp.py", 404),
        ("/runs/" + "a" * 5_000, 404),
    ],
)
def test_whatever_is_asked_for_gets_a_page(page: Page, path: str, status: int) -> None:
    assert page.get(path).status_code == status


def test_two_runs_are_compared_number_by_number(page: Page) -> None:
    text = _Parsed(page.get("/compare?first=aaaa&second=bbbb").text).text
    assert "the stream" in text
    assert "No run has an id" in page.get("/compare?first=aaaa&second=zzzz").text


def test_metrics_tell_of_the_last_run_of_each_pipeline(page: Page) -> None:
    text = page.get("/metrics").text
    target = 'pipeline="prod:postgres-to-iterable",plugin="target-iterable"'
    assert f"iterable_runs_last_running{{{target}}} 1.0" in text
    assert f"iterable_runs_last_read{{{target}}} 100.0" in text
    assert (
        'iterable_runs_last_status{pipeline="prod:postgres-to-iterable",plugin="tap-iterable",status="succeeded"}'
        in text
    )
    assert "iterable_runs_last_success_timestamp_seconds" in text


def test_where_no_run_has_made_a_history_the_page_says_what_to_do(tmp_path: Path) -> None:
    with served(str(tmp_path / "none.db")) as page:
        answer = page.get("/")
        assert (answer.status_code, "There are no runs yet" in answer.text, "run_history" in answer.text) == (
            200,
            True,
            True,
        )
        assert page.get("/runs/aaaa").status_code == 503
        history = WrittenHistory(str(tmp_path / "none.db"))
        history.add(HISTORY.metadata.tables["iterable_runs"], run_row("first", NOW))
        assert "first" in page.get("/").text


def test_a_history_of_a_newer_release_or_a_locked_or_broken_one_is_told_in_a_sentence(tmp_path: Path) -> None:
    newer = WrittenHistory(str(tmp_path / "newer.db"))
    with newer.engine.begin() as connection:
        connection.execute(HISTORY.update().values(schema_version=99))
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 1_000)
    for place, told in ((newer.place, "has version 99"), (str(broken), "cannot be read")):
        with served(place) as page:
            answer = page.get("/")
            assert (answer.status_code, told in answer.text) == (503, True)
            assert told in page.get("/metrics").text


def test_ten_thousand_runs_are_paged_through_and_each_is_there_once(tmp_path: Path) -> None:
    history = WrittenHistory(str(tmp_path / "many.db"))
    rows = [run_row(f"{number:05d}", NOW - timedelta(minutes=number)) for number in range(10_000)]
    history.add(HISTORY.metadata.tables["iterable_runs"], *rows)
    with served(history.place) as page:
        first = page.get("/").text
        assert "10,000 runs are kept" in first
        assert "Newer runs" not in first
        (older,) = [value for _, value in _Parsed(first).attributes if value and value.startswith("?before=")]
        second = page.get(f"/{older}").text
        assert "/runs/00049" in first
        assert "/runs/00050" not in first
        assert "/runs/00050" in second
        (newer,) = [value for _, value in _Parsed(second).attributes if value and value.startswith("?after=")]
        assert "/runs/00000" in page.get(f"/{newer}").text


def test_five_hundred_streams_are_shown(page: Page, history: WrittenHistory) -> None:
    history.run("99990000-many", NOW - timedelta(hours=5), streams=500)
    for number in range(500):
        history.stream("99990000-many", f"stream-{number:03d}", read=number)
    text = page.get("/runs/9999").text
    assert "Streams (500)" in text
    assert "stream-499" in text
