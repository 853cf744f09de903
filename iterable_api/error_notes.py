"""Notes of exceptions: where an error happened, said by what knows that."""

from __future__ import annotations


def in_sentences(error: BaseException) -> str:
    """The text of an exception, and behind it its notes, which say where it happened."""
    text, notes = str(error), getattr(error, "__notes__", ())
    return " ".join([text if text.endswith(".") or not notes else f"{text}.", *notes])
