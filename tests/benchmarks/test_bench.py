"""The bench measures work that was done. How long it took decides nothing here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import batch
from benchmarks.__main__ import main
from benchmarks.arena import Arena, RecordsMissingError, arena
from benchmarks.comparing import Figures, Subject, growth
from benchmarks.measuring import Cost
from benchmarks.pairs import Ratios, paired
from benchmarks.report import Report
from benchmarks.rows import BLOCK, LOADS, export_blocks
from benchmarks.subjects import floor_tap, taps, targets
from benchmarks.subjects.sandbox import ROUTES
from benchmarks.subjects.taps import Export

pytestmark = pytest.mark.more

ROWS = BLOCK + 7


@pytest.fixture(scope="module")
def place() -> Iterator[Arena]:
    with arena() as opened:
        yield opened


@pytest.mark.parametrize("name", taps.TAPS)
def test_each_tap_writes_all_rows(place: Arena, name: str) -> None:
    assert place.tap(taps.TAPS[name])(ROWS).written == ROWS


def test_each_kind_of_batch_files_holds_all_rows(place: Arena) -> None:
    for subject in batch.subjects(place).values():
        assert subject(ROWS).written == ROWS


@pytest.mark.parametrize("name", targets.TARGETS)
def test_each_target_posts_all_records(place: Arena, name: str) -> None:
    place.target(targets.TARGETS[name])(ROWS)


def test_users_with_a_ledger_are_all_posted(place: Arena) -> None:
    place.target(targets.WITH_LEDGER, "users")(ROWS)


@pytest.mark.parametrize(
    ("stream", "target"),
    [
        ("list_members", targets.ours),
        ("messages", targets.ALLOWED_TO_SEND),
        ("carts", targets.ours),
        ("wide_users", targets.ROUTED),
    ],
)
def test_records_of_many_lists_those_of_many_fields_and_those_that_need_a_request_each_are_all_posted(
    place: Arena, stream: str, target: targets.Target
) -> None:
    place.target(target, stream)(ROWS)


def test_members_of_many_lists_never_follow_each_other() -> None:
    lines = b"".join(LOADS["list_members"].blocks(5 * BLOCK)).splitlines()[1:]
    assert len({json.loads(line)["record"]["listId"] for line in lines}) == 5 * BLOCK


def test_all_but_the_broken_records_are_posted(place: Arena) -> None:
    place.target(targets.WITH_REJECTS, broken=True)(ROWS)


def test_a_subject_that_moves_too_few_is_found_out(place: Arena) -> None:
    def half(export: Export, folder: Path) -> list[str]:
        return taps.floor(Export(export.url.replace(f"{ROWS}", f"{ROWS // 2}"), ROWS), folder)

    with pytest.raises(RecordsMissingError, match=f"instead of {ROWS}"):
        place.tap(half)(ROWS)


def test_no_two_rows_are_alike_and_all_have_about_500_bytes() -> None:
    lines = b"".join(export_blocks(2 * BLOCK + 1)).splitlines()
    assert len(set(lines)) == len(lines) == 2 * BLOCK + 1
    assert 400 < sum(map(len, lines)) / len(lines) < 600


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_each_record_bears_the_mark_that_the_server_counts_once(load: object) -> None:
    assert isinstance(load, type(LOADS["events"]))
    text = b"".join(load.blocks(ROWS))
    schema, records = text.split(b"\n", 1)
    assert records.count(load.marker) == ROWS == len(records.splitlines())
    assert json.loads(schema)["type"] == "SCHEMA"


def test_a_run_shows_ratios_and_keeps_its_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "results.json"
    main(["tap", "start", "--rows", "2000", "--runs", "1", "--json", str(kept)])
    results = json.loads(kept.read_text())
    figures = results["Reading an export"]["figures"]
    assert list(figures) == list(taps.TAPS)
    assert all(figure["records"] == 2000 and figure["start_seconds"] > 0 for figure in figures.values())
    assert set(results["Reading an export"]["ratios"]) == set(taps.TAPS) - {"tap-iterable"}
    assert "tap-iterable --version" in capsys.readouterr().out


def test_a_rate_is_what_more_records_take_beyond_the_start_unless_that_is_noise() -> None:
    def subject(records: int) -> Cost:
        return Cost(1 + records / 10_000, 0.5 + records / 1_000_000, None, records, None)

    (much, little) = growth(subject, [101_000, 1_200], 1)
    assert much.rate == pytest.approx(10_000)
    assert much.cpu_seconds_per_million == pytest.approx(1)
    assert (little.rate, little.cpu_seconds_per_million) == (None, None)


def test_sizes_take_turns_so_that_a_busy_moment_hits_all_of_them() -> None:
    measured: list[int] = []

    def subject(records: int) -> Cost:
        measured.append(records)
        return Cost(1, 1, None, records, None)

    growth(subject, [2000, 3000], 2)
    assert measured == [1000, 2000, 3000] * 2


def test_with_and_without_take_turns_to_be_first_and_each_pair_gives_a_ratio() -> None:
    measured: list[str] = []

    def subject(name: str, factor: float) -> Subject:
        def move(records: int) -> Cost:
            measured.append(name)
            return Cost(2 * factor, factor, None, records, None, round(100 * factor))

        return move

    ratios = paired(subject("without", 1), subject("with", 1.5), 2000, 3)
    assert measured == ["without", "with", "with", "without", "without", "with"]
    assert ratios == Ratios(2000, seconds=1.5, cpu_seconds=1.5, instructions=1.5, without_seconds=2)


def test_the_run_history_is_measured_against_none(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    main(["history", "--rows", "2000", "--records", "2000", "--runs", "1", "--json", str(kept)])
    costs = json.loads(kept.read_text())["What the run history costs"]
    assert list(costs) == ["tap-iterable", "target-iterable", "target-iterable, every 20th record rejected"]
    assert all(cost["seconds"] > 0 and cost["instructions"] is None for cost in costs.values())


def test_what_cannot_be_told_is_left_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    known, unknown = Figures(2000, 5.0, 1.0, None, 1.0, 1.0, None), Figures(2000, None, None, None, 1.0, 1.0, None)
    report.comparison("Moving", {"ours": known, "theirs": known, "other": unknown})
    report.write(tmp_path / "results.json")
    ratios = json.loads((tmp_path / "results.json").read_text())["Moving"]["ratios"]
    assert ratios == {"theirs": {"by time": 1, "by CPU": 1}, "other": {"by time": None, "by CPU": None}}
    assert "None" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--rows", "1000"], ["--sizes", "2000,7"], ["--runs", "0"], ["--records", "x"]])
def test_sizes_that_measure_nothing_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "is not a number from" in capsys.readouterr().err


def test_each_route_of_the_sandbox_has_a_growth_curve_with_a_row_for_each_size(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    main(["sandbox-growth", "--sizes", "1001,2000", "--json", str(kept)])
    curves = {title: rows for title, rows in json.loads(kept.read_text()).items() if title.startswith("Growth of")}
    assert list(curves) == [f"Growth of the sandbox's {path}" for path in ROUTES]
    assert all([row["records"] for row in curve] == [1001, 2000] for curve in curves.values())


@pytest.mark.parametrize("path", ROUTES)
def test_the_sandbox_has_all_records_that_are_written_into_it(path: str) -> None:
    assert ROUTES[path](ROWS).written == ROWS


def test_another_command_is_measured_beside_ours(place: Arena, tmp_path: Path) -> None:
    peer = place.peer(f"{sys.executable} {floor_tap.__file__} {{url}}/api/export/data.json")
    assert place.tap(peer)(ROWS).written == ROWS
    assert peer(Export("http://host", 1), tmp_path)[-1] == "http://host/api/export/data.json"
