"""Messages leave as lines of JSON, whatever is in them."""

from __future__ import annotations

import io
import json
import math
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.singerlib import RecordMessage, StateMessage

from tap_iterable.records.singer_messages import MessageWriter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.text(max_size=4), JSON, max_size=4)
ODD = [{"a": "\ud800"}, {"\udfff": 1}, {"a": 2**70}, {"a": "\x00\x7f\u2028"}, {"a": 1e16, "b": 1e-7, "c": -0.0}]


class _Out(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")


def _written(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is written of the records as a block, after it was found equal to what is written of each alone."""
    lines = []
    for in_blocks in (True, False):
        with monkeypatch.context() as patch:
            out = _Out()
            patch.setattr(sys, "stdout", out)
            if in_blocks:
                MessageWriter().write_records("s", records, 7)
            else:
                for record in records:
                    now = datetime.now(UTC)
                    MessageWriter().write_message(RecordMessage("s", record, version=7, time_extracted=now))
            out.flush()
            lines.append([json.loads(line) for line in out.buffer.getvalue().decode().splitlines()])  # type: ignore[attr-defined]
    for message in (*lines[0], *lines[1]):
        assert datetime.fromisoformat(message.pop("time_extracted")).tzinfo is not None
    assert lines[0] == lines[1]
    return lines[0]


@given(records=st.lists(RECORDS | st.sampled_from(ODD), max_size=4))
def test_a_block_says_what_its_records_say_one_by_one(records: list[dict[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        written = _written(monkeypatch, records)
    assert written == [{"type": "RECORD", "stream": "s", "record": record, "version": 7} for record in records]


def test_what_json_has_no_form_for_is_written_as_the_sdk_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {"a": math.nan, "b": Decimal("1.10"), "c": datetime(2026, 9, 1, tzinfo=UTC), "d": RecordMessage}
    (message,) = _written(monkeypatch, [odd])
    assert message["record"] == {"a": None, "b": 1.1, "c": "2026-09-01T00:00:00Z", "d": str(RecordMessage)}


def test_records_wait_for_the_message_after_them_and_that_one_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = io.BytesIO()
    out = io.TextIOWrapper(io.BufferedWriter(_Sink(arrived)), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    writer = MessageWriter()
    writer.write_message(RecordMessage("s", {"a": 1}))
    writer.write_records("s", [{"a": 2}], None)
    assert arrived.getvalue() == b""
    writer.write_message(StateMessage(value={}))
    assert [json.loads(line)["type"] for line in arrived.getvalue().splitlines()] == ["RECORD", "RECORD", "STATE"]


class _Sink(io.RawIOBase):
    def __init__(self, into: io.BytesIO) -> None:
        self._into = into

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._into.write(bytes(data))


def test_standard_output_may_be_something_that_takes_only_text(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    MessageWriter().write_records("s", [{"a": "Zürich"}], None)
    assert json.loads(out.getvalue())["record"] == {"a": "Zürich"}
