"""Tables on a terminal are aligned, and names from outside cannot steer it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iterable_runs.presentation.escaping import printable
from iterable_runs.terminal.text_tables import facts, table


def test_numbers_are_aligned_to_the_right_and_names_to_the_left() -> None:
    assert table(("stream", "read"), [("users", "12"), ("orders", "1,234")], ("read",)).splitlines() == [
        "stream   read",
        "users      12",
        "orders  1,234",
    ]


def test_wide_letters_and_accents_keep_the_columns_aligned() -> None:
    lines = table(("a", "b"), [("漢字", "x"), ("e\u0301e", "x")]).splitlines()
    assert lines[1] == "漢字  x"
    assert lines[2] == "e\u0301e    x"


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    assert printable("\x1b[31mred\u202egnp.exe\n") == "\\x1b[31mred\\u202egnp.exe\\n"
    assert "\x1b" not in table(("stream",), [("\x1b]0;title\x07",)])
    assert "\x1b" not in facts([("error", "\x1b[2J")])


def test_a_very_long_name_is_cut() -> None:
    assert len(table(("stream",), [("x" * 500,)]).splitlines()[1]) == 60
