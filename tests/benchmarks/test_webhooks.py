"""The bench of webhooks counts what is in the stores. How long that took decides nothing here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.webhook_sender import Load, body, number_of, send
from benchmarks.webhooks import OURS, USUAL
from tests.webhooks.receivers import receiver


def test_both_receivers_are_measured_at_both_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "results.json"
    main(["webhooks", "--runs", "1", "--seconds", "1", "--json", str(kept)])
    results = json.loads(kept.read_text())
    for store in ("SQLite", "PostgreSQL"):
        part = results[f"Receiving webhooks into {store}"]
        assert all(part["figures"][name]["rate"] > 0 for name in (OURS, USUAL))
        assert part["figures"][OURS]["peak_mb"] < 100
        assert part["figures"][OURS]["p99_ms"] > 0
        assert part["times as many"] > 0
    assert "times as many" in capsys.readouterr().out


def test_no_two_deliveries_are_alike_and_each_is_known_by_its_number() -> None:
    assert [number_of(body(number)) for number in (0, 7, 10**12)] == [0, 7, 10**12]
    assert 600 < len(body(1)) < 1_000


def test_the_sender_keeps_its_rate_and_tells_what_became_of_each_delivery(tmp_path: Path) -> None:
    with receiver(str(tmp_path / "store.db"), tmp_path / "log") as running:
        answers = send(running.url, Load(4, 1, rate=50, first=10))
    assert [answer.number for answer in sorted(answers)] == list(range(10, 10 + len(answers)))
    assert len(answers) <= 51
    assert {answer.status for answer in answers} == {200}
    assert {answer.status for answer in send(running.url, Load(1, 0.1))} == {None}
