"""Lines come as they are written, however they come through a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from target_iterable.columnar.line_reader import line_blocks
from tests.target.piping import piped

pieces = st.lists(st.text("ab\n", min_size=1, max_size=8).map(str.encode), max_size=12)


@given(pieces)
def test_lines_are_whole_wherever_the_pipe_cuts_them(given_: list[bytes]) -> None:
    lines = [line for block in line_blocks(io.TextIOWrapper(piped(given_))) for line in block]
    assert [line for line in lines if line] == _lines(b"".join(given_))


@given(pieces)
def test_a_line_does_not_wait_for_what_comes_behind_it(given_: list[bytes]) -> None:
    came: list[bytes] = []
    read: list[bytes | str] = []
    for block in line_blocks(io.TextIOWrapper(piped(_noted(given_, came)))):
        read += [line for line in block if line]
        whole, _, begun = b"".join(came).rpartition(b"\n")
        assert read in (_lines(whole), _lines(whole) + _lines(begun))


def _lines(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\n") if line]


def _noted(given_: list[bytes], came: list[bytes]) -> Iterator[bytes]:
    for piece in given_:
        came.append(piece)
        yield piece
