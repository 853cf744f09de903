from pathlib import Path

import pytest

from tap_iterable.records.malformed_lines import MalformedLines, TooManyMalformedLinesError
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.export_server import body, chunked, row, stream_of


def test_odd_lines_are_kept_as_they_came_by_every_run_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "malformed" / "email_open.ndjson"
    MalformedLines(path, 1).add(b'{"broken\r\n')
    MalformedLines(path, 1).add(b"<html>")
    assert path.read_bytes() == b'{"broken\n<html>\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (path.parent / ".gitignore").read_text().splitlines()[-1] == "*"


def test_nothing_is_made_while_all_is_well(tmp_path: Path) -> None:
    MalformedLines(tmp_path / "malformed" / "x.ndjson", 1).check(0, 100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("odd", "lines"), [(0, 0), (1, 2), (1, 10), (10, 1000)])
def test_one_odd_line_or_the_allowed_share_passes(tmp_path: Path, odd: int, lines: int) -> None:
    MalformedLines(tmp_path / "x", 1).check(odd, lines)


@pytest.mark.parametrize(("odd", "lines"), [(1, 1), (2, 2), (2, 199), (11, 1000)])
def test_more_odd_lines_than_allowed_fail_the_stream_and_name_the_setting(tmp_path: Path, odd: int, lines: int) -> None:
    with pytest.raises(TooManyMalformedLinesError, match="max_malformed_percent"):
        MalformedLines(tmp_path / "x", 1).check(odd, lines)


def test_the_setting_is_what_decides(server: ScriptedServer, tmp_path: Path) -> None:
    server.after = lambda _: Answer(fault=chunked(b"one\ntwo\n" + body([row(number) for number in range(98)])))
    with stream_of(server.url, tmp_path, max_malformed_percent=2) as stream:
        assert len(list(stream.get_records(None))) == 98
    with stream_of(server.url, tmp_path) as stream, pytest.raises(TooManyMalformedLinesError, match="2 of 100 lines"):
        list(stream.get_records(None))


def test_a_window_of_odd_lines_alone_fails_whatever_the_setting(tmp_path: Path) -> None:
    with pytest.raises(TooManyMalformedLinesError, match="3 of 3 lines"):
        MalformedLines(tmp_path / "x", 100).check(3, 3)


def test_lines_are_told_of_only_where_there_are_some(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd_lines = MalformedLines(tmp_path / "x", 1)
    with odd_lines.counted("email_open"):
        pass
    assert "lines that are no records" not in caplog.text
    with odd_lines.counted("email_open"):
        odd_lines.add(b"<html>")
    assert "email_open: lines that are no records: 1." in caplog.text
