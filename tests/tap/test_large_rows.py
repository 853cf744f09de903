"""Rows of many megabytes are read, identified and written like all others."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_iterable.export.download import has_whole_last_line, last_line
from tap_iterable.records.ascii_json import LARGE, ascii_pieces, line_views, to_ascii
from tap_iterable.records.line_parsing import record_id
from tests.scripted_server import Answer, ScriptedServer
from tests.tap.reading import TapRun

BLOCK = 1 << 18
CHARACTERS = '\u00fc\u20ac\U0001f600\x7f\\"'


class _Counted(io.BytesIO):
    """A file that counts the bytes that were read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.taken += len(block)
        return block


@pytest.mark.parametrize("character", ["\u00fc", "\u20ac", "\U0001f600"])
@pytest.mark.parametrize("shift", range(4))
def test_pieces_never_end_within_a_character(character: str, shift: int) -> None:
    text = ("x" * shift + character * LARGE).encode()
    pieces = list(ascii_pieces(memoryview(text)))
    assert len(pieces) > 1
    assert b"".join(pieces) == to_ascii(text)


@given(st.lists(st.binary(max_size=5).map(lambda line: line.replace(b"\n", b""))))
def test_views_are_the_lines_without_their_ends(lines: list[bytes]) -> None:
    assert [bytes(view) for view in line_views(b"".join(line + b"\n" for line in lines))] == lines


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK]), max_size=4),
    st.text(" \n\r\t", max_size=3) | st.just("\n" * BLOCK),
)
def test_the_last_line_is_found_and_read_once(sizes: list[int], blanks: str) -> None:
    content = b"\n".join(b"x" * size for size in sizes) + blanks.encode()
    file = _Counted(content)
    expected = content.rstrip().rpartition(b"\n")[2]
    assert last_line(file) == expected
    assert file.tell() == 0
    assert file.taken <= 2 * len(expected) + len(content) - len(content.rstrip()) + 2 * BLOCK


@pytest.mark.parametrize(
    ("line", "is_whole"),
    [
        (b'{"a": 1}', True),
        (b'{"a": NaN}', True),
        (b'{"a": "b', False),
        (b'{"a": "\xc3', False),
        (b'{"a": 1', False),
        (b'{"a": 1}}', False),
        (b"", True),
    ],
)
def test_a_last_line_is_whole_if_it_is_json(line: bytes, *, is_whole: bool) -> None:
    assert has_whole_last_line(io.BytesIO(b'{"b": 2}\n' + line + b"\n")) is is_whole


def test_large_rows_among_small_ones_keep_their_text_and_have_the_usual_id(
    server: ScriptedServer, tmp_path: Path
) -> None:
    events = [
        {"createdAt": "2026-09-01 00:00:00 +00:00", "email": f"{number}@example.com", "text": CHARACTERS * size}
        for number, size in enumerate([1, LARGE // 2, 2, LARGE, 3])
    ]
    body = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    server.after = lambda _request: Answer(body=body)
    run = TapRun(server.url, "k", tmp_path)
    records = run("email_send", start_date="2026-09-01", end_date="2026-09-02").records["email_send"]
    assert [record["dataFields"]["text"] for record in records] == [event["text"] for event in events]
    assert [record["recordId"] for record in records] == [record_id("emailSend", event) for event in events]
