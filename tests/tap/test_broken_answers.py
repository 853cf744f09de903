"""Whatever breaks on the way, every row is read, and read once."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.errors import IncompleteBodyError
from tap_iterable.export.download import SpoolNotWrittenError
from tap_iterable.export.windows import OversizeError
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.export_server import BREAKS, REFUSALS, ExportServer, Row, body, chunked, row, stream_of

DAY = 86_400


def _read(server: ExportServer, folder: Path, **given: Any) -> list[dict[str, Any]]:
    with stream_of(server.url, folder, **given) as stream:
        return list(stream.get_records(None))


def _names(records: list[dict[str, Any]]) -> list[str]:
    return sorted(record["eventName"] for record in records)


def _states(text: str) -> list[dict[str, Any]]:
    messages = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [message["value"]["bookmarks"]["custom_event"] for message in messages if message["type"] == "STATE"]


@pytest.mark.parametrize("kind", BREAKS)
def test_a_broken_answer_never_passes_for_a_whole_one(
    server: ScriptedServer, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first answer breaks; its window is read again in two halves, each with a STATE."""
    export = ExportServer(server, [row(10, 1), row(DAY // 2, 2), row(DAY - 1, 3)])
    export.broken = lambda start, end, content: BREAKS[kind](content) if end - start == DAY else None
    assert _names(_read(export, tmp_path)) == ["e1", "e2", "e3"]
    assert export.windows == [(0, DAY), (0, DAY // 2), (DAY // 2, DAY)]
    bookmarks = [state["replication_key_value"][:16] for state in _states(capsys.readouterr().out)]
    assert bookmarks == ["2026-09-01T12:00", "2026-09-02T00:00"]


def test_what_was_finished_is_not_read_again(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, [row(second) for second in range(0, DAY, 3600)])
    export.broken = lambda _start, end, content: BREAKS["cut in a chunk"](content) if end > DAY - 2 * 3600 else None
    with stream_of(export.url, tmp_path) as stream, pytest.raises(IncompleteBodyError):
        list(stream.get_records(None))
    finished = [window for window in export.windows if window[1] <= DAY - 2 * 3600]
    assert finished[0][0] == 0
    assert all(left[1] == right[0] for left, right in pairwise(finished))


def test_a_window_is_halved_down_to_a_second_and_then_the_error_is_told(server: ScriptedServer, tmp_path: Path) -> None:
    export = ExportServer(server, [row(0)])
    export.broken = lambda start, _end, content: BREAKS["cut between chunks"](content) if start == 0 else None
    with pytest.raises(IncompleteBodyError, match="broke off"):
        _read(export, tmp_path)
    assert export.windows[-1] == (0, 1)
    assert len(export.windows) == 17


def test_an_answer_that_ends_in_a_line_of_its_only_second_is_kept_and_counted(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A server that always ends so cannot be cured by smaller windows; the rows before that line are read."""
    export = ExportServer(server, [row(0, 3), row(0, 1), row(5, 2)])
    export.broken = lambda start, _end, content: (
        BREAKS["ended in a line, as if all were well"](content) if start == 0 else None
    )
    assert _names(_read(export, tmp_path)) == ["e2", "e3"]
    assert (tmp_path / "malformed" / "custom_event.ndjson").read_bytes() == body([row(0, 1)])[:-5] + b"\n"


def test_malformed_lines_are_kept_and_counted_as_a_metric(
    server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export = ExportServer(server, [])
    lines = [json.dumps(row(second, second)).encode() for second in range(200)]
    lines[50] = b'{"eventName": '
    export.broken = lambda *_: Answer(fault=chunked(b"\n\n".join(lines)))
    with caplog.at_level("INFO"):
        assert len(_read(export, tmp_path)) == 199
    assert (tmp_path / "malformed" / "custom_event.ndjson").read_bytes() == b'{"eventName": \n'
    said = [record.getMessage().partition("METRIC: ") for record in caplog.records]
    metrics = [json.loads(point) for _, metric, point in said if metric]
    counted = [metric["value"] for metric in metrics if metric["metric"] == "malformed_line_count"]
    assert counted == [1]
    assert "eventName" not in caplog.text


def test_an_answer_larger_than_the_spool_may_be_is_abandoned_and_halved(server: ScriptedServer, tmp_path: Path) -> None:
    large = {"text": "x" * 300_000}
    export = ExportServer(server, [{**row(3600 * hour, hour), **large} for hour in range(24)])
    assert len(_read(export, tmp_path, spool_limit_mb=1)) == 24
    assert export.windows[:2] == [(0, DAY), (0, DAY // 2)]


@pytest.mark.parametrize("limit", [1, 2])
def test_a_single_second_larger_than_the_spool_is_an_error_that_names_the_setting_and_its_size(
    server: ScriptedServer, tmp_path: Path, limit: int
) -> None:
    export = ExportServer(server, [{**row(7, number), "text": "x" * 300_000} for number in range(8)])
    with pytest.raises(OversizeError, match=f"larger than the {limit} MB of `spool_limit_mb`"):
        _read(export, tmp_path, spool_limit_mb=limit)
    assert export.windows[-1] == (7, 8)


def test_nothing_of_the_spool_is_left_behind(server: ScriptedServer, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    export = ExportServer(server, [row(1, 1), row(2, 2)])
    export.broken = lambda start, end, content: BREAKS["cut in a chunk"](content) if end - start == DAY else None
    with stream_of(export.url, tmp_path, spool_directory=str(spool)) as stream:
        for _ in stream.get_records(None):
            assert list(spool.iterdir()) == []
    assert list(spool.iterdir()) == []


def test_answers_are_spooled_where_the_setting_says(server: ScriptedServer, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    export = ExportServer(server, [row(1, 1)])
    with stream_of(export.url, tmp_path, spool_directory=str(spool)) as stream:
        spool.rmdir()
        with pytest.raises(SpoolNotWrittenError, match=r"an answer cannot be kept in .*spool"):
            list(stream.get_records(None))


ROWS = st.lists(st.integers(0, DAY - 1), max_size=40).map(lambda seconds: [row(s, n) for n, s in enumerate(seconds)])
QUICK = [kind for kind in BREAKS if kind != "stalled"]
FAULTS = st.lists(st.none() | st.sampled_from(QUICK) | st.sampled_from(REFUSALS), max_size=25)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, FAULTS, st.sampled_from([1, 3600, DAY]))
def test_windows_cover_the_range_exactly_once_whatever_breaks(
    server: ScriptedServer, rows: list[Row], faults: list[Any], offset: int
) -> None:
    """Each fault hits one request; an answer that cannot be cut, since it is empty, is whole."""
    server.forget()
    export = ExportServer(server, rows)
    left = list(faults)

    def broken(start: int, end: int, content: bytes) -> Answer | None:
        fault = left.pop(0) if left and end - start > offset // DAY + 1 else None
        if fault is None or (isinstance(fault, str) and not content):
            return None
        return BREAKS[fault](content) if isinstance(fault, str) else fault

    export.broken = broken
    with TemporaryDirectory() as folder:
        assert _names(_read(export, Path(folder))) == _names(rows)
