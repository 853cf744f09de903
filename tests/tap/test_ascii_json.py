"""JSON within ASCII, as Python's own encoder writes it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.records.ascii_json import to_ascii

LATIN = "".join(map(chr, range(0x80, 0x100)))


def _in_utf_8(texts: list[str]) -> bytes:
    return json.dumps(texts, ensure_ascii=False).encode()


@given(st.lists(st.text(st.characters(max_codepoint=0xFF)) | st.text()))
def test_text_is_what_python_writes(texts: list[str]) -> None:
    assert to_ascii(_in_utf_8(texts)) == json.dumps(texts).encode().replace(b"\\u007f", b"\x7f")


@pytest.mark.parametrize("text", [LATIN, " ".join(LATIN), f"{LATIN}\u20ac", "ü\\u00fc", "a\u0308"])
def test_more_letters_than_are_remembered_are_written_alike(text: str) -> None:
    for _ in range(2):
        assert to_ascii(_in_utf_8([text])) == json.dumps([text]).encode()


def test_halves_of_characters_are_no_utf_8() -> None:
    with pytest.raises(UnicodeDecodeError):
        to_ascii(b'"\xed\xa0\x80"')
