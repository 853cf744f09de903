"""What was seen, in `results/loaders.json` and `results/extractors.json`: the day and the values for each row of the tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tools.crossed.packages import FOLDER, Package, packages


def kept(kind: str) -> dict[str, Any]:
    """Name of a row -> what was seen of it; empty if nothing is kept."""
    path = FOLDER / "results" / f"{kind}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def keep(kind: str, package: Package, seen: dict[str, Any]) -> None:
    """Keep what was seen of a row today beside what its other trials showed. What is no row any more is left out."""
    day = {"tried": f"{datetime.now(UTC):%Y-%m-%d}", "install": list(package.install)}
    all_kept = kept(kind)
    before = {} if "not_run" in seen else {**all_kept.get(package.name, {})}
    before.pop("not_run", None)
    all_kept[package.name] = {**before, **day, **seen}
    ordered = {name: all_kept[name] for name in packages(kind) if name in all_kept}
    path = FOLDER / "results" / f"{kind}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
