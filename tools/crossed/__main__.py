"""`python -m tools.crossed loaders|extractors [NAME ...]`: try packages, and keep what was seen in `results`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from tools.crossed import results
from tools.crossed.environments import FOLDER, NotInstalledError
from tools.crossed.extracting import Extraction
from tools.crossed.loading import PARTS, Trials
from tools.crossed.material import Material
from tools.crossed.packages import Package, packages
from tools.crossed.servers import NoServerError, Servers

Try = Callable[[Package, Path], dict[str, Any]]


def main() -> int:
    """Try what is named, or everything, and tell what failed to be tried."""
    parser = argparse.ArgumentParser(prog="python -m tools.crossed", description=__doc__)
    parser.add_argument("kind", choices=_TRIES)
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows whose name begins so, by default all")
    parser.add_argument("--part", action="append", choices=["main", *PARTS], help="of loaders: these trials alone")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=FOLDER, prefix="run-"))
    rows = packages(options.kind)
    chosen = [row for name, row in rows.items() if not options.names or name.startswith(tuple(options.names))]
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        attempt = _TRIES[options.kind](Servers(folder, stack), folder, options.part or ["main", *PARTS])
        for number, package in enumerate(chosen):
            seen = _tried(attempt, package, folder / f"n{number:03}")
            results.keep(options.kind, package, seen)
            sys.stdout.write(f"{package.name}: {seen.get('not_run', 'tried')}\n")
            sys.stdout.flush()
    return 0


def _tried(attempt: Try, package: Package, folder: Path) -> dict[str, Any]:
    try:
        return attempt(package, folder)
    except (NotInstalledError, NoServerError) as error:
        return {"not_run": str(error).strip()[-300:]}


def _loaders(servers: Servers, folder: Path, parts: Collection[str]) -> Try:
    numbers = count()

    @cache
    def material(tap: str) -> Material:
        return Material(folder / f"material-{next(numbers)}", json.loads(tap))

    return lambda package, place: Trials(package, servers, place).seen(material(json.dumps(package.tap)), parts)


def _extractors(servers: Servers, _: Path, __: Collection[str]) -> Try:
    return lambda package, place: Extraction(package, servers, place).seen()


_TRIES: Final[Mapping[str, Callable[[Servers, Path, Collection[str]], Try]]] = {
    "loaders": _loaders,
    "extractors": _extractors,
}

if __name__ == "__main__":
    sys.exit(main())
