"""Input lines that wait packed come back as they were."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from target_iterable.core.packed_lines import PackedLines, PackedMessage
from tests.target.conftest import Project
from tests.target.loading import stream

lines = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b""))


@given(st.lists(lines, max_size=30), st.data())
def test_each_line_of_a_pack_is_what_it_was(block: list[bytes], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.sampled_from(range(len(block))))) if block else []
    sources = PackedLines(block).sources(places, b"schema")
    assert [source.record for source in sources] == [block[place] for place in places]
    assert {source.schema for source in sources} <= {b"schema"}


def test_a_block_takes_less_memory_packed_than_as_lines() -> None:
    block = [b'{"type": "RECORD", "stream": "users", "record": {"email": "%d@example.com"}}' % n for n in range(500)]
    source = PackedLines(block).sources([7], b"")[0]
    assert isinstance(source, PackedMessage)
    assert len(source.pack.data) < sum(map(len, block)) / 4


def test_lines_of_text_are_kept_as_they_are() -> None:
    block = [f"line {n}\n" for n in range(20)]
    assert [source.record for source in PackedLines(block).sources([3, 4], "")] == ["line 3\n", "line 4\n"]


def test_the_records_of_rejects_among_many_records_are_kept_exactly(project: Project) -> None:
    records = [{"email": "nobody" if n % 7 == 0 else f"{n}@example.com", "n": n} for n in range(300)]
    loaded = project.load(stream("users", records), max_rejects="100%")["users"]
    assert loaded["rejected"] == len(range(0, 300, 7))
    (file,) = project.load.rejects_directory.glob("*.singer")
    messages = map(json.loads, file.read_text().splitlines())
    kept = [message["record"] for message in messages if message["type"] == "RECORD"]
    assert kept == [record for record in records if record["email"] == "nobody"]
