"""What was seen, in `results`: the day and the values for each row of the tables of packages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from tools.crossed.environments import FOLDER as ENVIRONMENTS
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
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    path.write_text(_RUN.sub(".crossed", text) + "\n")


_RUN: Final = re.compile(r"[^'\"\s]*/" + re.escape(ENVIRONMENTS.name) + r"(/run-\w+)?")
"""Where runs take place, which differs from machine to machine and from run to run."""
