"""Files that are made from the code: written, or checked for drift."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent


def filled(page: str, start: str, text: str, end: str = "<!-- end -->") -> str:
    """A page with `text` between two marks."""
    before, _, rest = page.partition(start)
    return before + start + text + end + rest.partition(end)[2]


def main(files: Mapping[Path, str]) -> None:
    """Write `files`, or with `--check` on the command line fail if one of them is out of date."""
    stale = {path: text for path, text in files.items() if not path.exists() or path.read_text() != text}
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run `make docs`\n")
        sys.exit(1 if stale else 0)
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
