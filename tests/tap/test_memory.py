"""Memory does not grow with the rows of a window, and little with the size of one row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scripted_server import ScriptedServer
from tests.tap.peak_memory import IS_TOLD, peak_kb

FEW, MANY = 2_000, 50_000
LARGE_KB = 40_000


def _line(number: int, text: str) -> bytes:
    event = {"createdAt": "2026-09-01 00:00:00 +00:00", "email": "ann@example.com", "messageId": f"{number:032x}"}
    return json.dumps({**event, "text": text}, ensure_ascii=False).encode()


@IS_TOLD
def test_25_times_the_rows_take_no_more_memory(server: ScriptedServer, tmp_path: Path) -> None:
    few, many = (
        peak_kb(server, tmp_path, b"\n".join(_line(number, "x" * 300) for number in range(rows)), rows)
        for rows in (FEW, MANY)
    )
    # The rows alone are 20 MB as text, and several times that as objects.
    assert many - few < 10_000, (few, many)


@IS_TOLD
@pytest.mark.more
@pytest.mark.parametrize(("character", "times"), [("x", 3.3), ("\u00fc", 5)])
def test_large_rows_take_a_few_times_the_size_of_one_however_many_they_are(
    server: ScriptedServer, tmp_path: Path, character: str, times: float
) -> None:
    text = character * (LARGE_KB * 1_000 // len(character.encode()))
    small = peak_kb(server, tmp_path, _line(1, "x"), 1)
    large = peak_kb(server, tmp_path, b"\n".join(_line(number, text) for number in range(3)), 3)
    # The line, its text and the text of the message. Python makes room for wide characters while it reads some.
    assert large - small < times * LARGE_KB, (small, large)
