"""JSON as people read it."""

from __future__ import annotations

import json
from typing import Any


def indented(value: Any, most: int) -> str:
    """Indented JSON with letters of all alphabets, of `most` characters at most; half a surrogate pair is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    cut = "\n… cut here; the file has all of it" if len(text) > most else ""
    return text[:most].encode("utf-8", "backslashreplace").decode() + cut
