from pathlib import Path

import pytest

from tap_iterable.export.odd_lines import OddLines, TooManyOddLinesError


def test_odd_lines_are_kept_as_they_came_by_every_run_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "malformed" / "email_open.ndjson"
    OddLines(path, 1).keep(b'{"broken\r\n')
    OddLines(path, 1).keep(b"<html>")
    assert path.read_bytes() == b'{"broken\n<html>\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_made_while_all_is_well(tmp_path: Path) -> None:
    OddLines(tmp_path / "malformed" / "x.ndjson", 1).check(0, 100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("odd", "lines"), [(0, 0), (1, 1), (1, 10), (10, 1000)])
def test_one_odd_line_or_the_allowed_share_passes(tmp_path: Path, odd: int, lines: int) -> None:
    OddLines(tmp_path / "x", 1).check(odd, lines)


@pytest.mark.parametrize(("odd", "lines"), [(2, 2), (2, 199), (11, 1000)])
def test_more_odd_lines_than_allowed_fail_the_stream_and_name_the_setting(tmp_path: Path, odd: int, lines: int) -> None:
    with pytest.raises(TooManyOddLinesError, match="max_malformed_percent"):
        OddLines(tmp_path / "x", 1).check(odd, lines)
