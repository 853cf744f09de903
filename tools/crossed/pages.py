"""The tables of `docs/loaders.md` and `docs/extractors.md`, made from what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tools.crossed.packages import Package, packages
from tools.crossed.results import kept
from tools.generated import ROOT, filled

Seen = Mapping[str, Any]
Column = Callable[[Seen], str]

_LONG: Final = 90
"""Characters of a reason that a table shows."""


def files() -> dict[Path, str]:
    """Both pages with their tables up to date."""
    return {_page(kind): _filled(kind) for kind in _TABLES}


def _page(kind: str) -> Path:
    return ROOT / "docs" / f"{kind}.md"


def _filled(kind: str) -> str:
    page = _page(kind).read_text()
    known = packages(kind)
    rows = {name: {**seen, "settings": _settings(known[name])} for name, seen in kept(kind).items() if name in known}
    for place, columns in _TABLES[kind].items():
        page = filled(page, f"<!-- made: {place} -->\n", _table(rows, columns))
    return page


def _table(rows: Mapping[str, Seen], columns: Mapping[str, Column]) -> str:
    lines = [["package", *columns], ["---"] * (1 + len(columns))]
    lines += [[name, *(column(seen) for column in columns.values())] for name, seen in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _settings(package: Package) -> str:
    """The settings of target-iterable in a row of the extractors."""
    return ", ".join(f"`{key}`" for key in (*package.routes, *package.target)) or "none"


def _shown(text: str) -> str:
    """A text within a cell of a table; a line break and a tab are drawn."""
    drawn = text.replace("\n", "⏎").replace("\t", "⇥").replace("|", "\\|")
    return f"`{drawn}`" if drawn else ""


def _failure(seen: Seen) -> str:
    """Why a run failed, as far as a table has room for it."""
    reason = str(seen.get("reason", ""))
    return f"fails: {_shown(reason if len(reason) <= _LONG else reason[:_LONG] + '…')}"


def _loaded(trial: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen.get(trial)
        if not found:
            return ""
        if found["status"]:
            return _failure(found)
        if found["lost"]:
            return f"**{found['lost']:,} of {found['expected']:,} are missing**"
        more = found["rows"] - found["expected"]
        return f"all, and {more:,} twice" if more else "all"

    return column


def _versions(seen: Seen) -> str:
    found = seen["versions"]
    if found["status"]:
        return _failure(found)
    return f"{found['marked']} of 8 marked" if found["marked"] else "not heeded"


def _batch(form: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen[f"batch-{form}"]
        if found["status"]:
            return _failure(found)
        return "yes" if found["rows"] else "**exit 0, no row**"

    return column


def _rate(seen: Seen) -> str:
    return f"{seen['per_cpu_second']['records']:,.0f}" if "per_cpu_second" in seen else ""


def _value(field: str, part: str = "value") -> Column:
    def column(seen: Seen) -> str:
        found = seen["edges"].get("columns", {}).get(field)
        if not found:
            return ""
        kind = f"{found['type']}: " if found["type"] and part == "value" else ""
        return f"{kind}{_shown(found[part])}"

    return column


def _name(seen: Seen) -> str:
    found = seen["edges"].get("columns", {}).get("signupDate")
    return f"`{found['name']}`" if found else ""


def _similar(trial: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen[trial]
        if found["status"]:
            return _failure(found)
        return f"{len(found['columns'])} columns" if found["columns"] else "not in a column of their names"

    return column


def _empty(seen: Seen) -> str:
    found = seen["empty"]
    return _failure(found) if found["status"] else "yes" if found["tables"] else "no"


def _arriving(field: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen["arrives"].get(field) or seen["arrives"].get(field.upper())
        if not found:
            return "left out"
        schema = found["schema"] or {}
        kinds = [kind for kind in _listed(schema.get("type")) if kind != "null"]
        said = " or ".join(kinds) or "?"
        form = f", {schema['format']}" if "format" in schema else ""
        return f"{said}{form}: {_shown(found['values'][0])}"

    return column


def _listed(kinds: str | list[str] | None) -> list[str]:
    return [kinds] if isinstance(kinds, str) else list(kinds or [])


def _written(trial: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen[trial]
        if found["status"]:
            return _failure(found)
        reasons = "; ".join(reason.partition(": ")[2] for reason in found["rejected"])
        return f"{len(found['written'])} of 3{f': {reasons}' if reasons else ''}"

    return column


def _in_profile(field: str) -> Column:
    def column(seen: Seen) -> str:
        found = seen["with_settings"]["profile"].get(field)
        return f"{found[0]}: {_shown(found[1])}" if found else ""

    return column


_TABLES: Final[Mapping[str, Mapping[str, Mapping[str, Column]]]] = {
    "loaders": {
        "loads": {
            "first run": _loaded("loads"),
            "the same again": _loaded("again"),
            "what came later": _loaded("later"),
            "ACTIVATE_VERSION": _versions,
            "BATCH, JSON lines": _batch("jsonl"),
            "BATCH, Parquet": _batch("parquet"),
            "records a CPU second": _rate,
        },
        "values": {
            "`signupDate` is": _name,
            "date-time": _value("signupDate"),
            "2^63-1": _value("bigNumber"),
            "2.5": _value("half"),
            "object": _value("prefs"),
            "absent object": _value("prefs", "absent"),
            "array": _value("emailListIds"),
            "text with line break and tab": _value("note"),
        },
        "names": {
            "`plan`, `Plan`, `PLAN`": _similar("case"),
            "alike in 63 bytes": _similar("long"),
            "a table, or file, for a stream without records": _empty,
        },
    },
    "extractors": {
        "arrives": {
            "whole number": _arriving("bigNumber"),
            "decimal 12.50": _arriving("balance"),
            "number 5": _arriving("ratio"),
            "true": _arriving("vip"),
            "date": _arriving("born"),
            "moment": _arriving("seen"),
            "object": _arriving("prefs"),
            "array": _arriving("tags"),
            "text 01234": _arriving("postcode"),
        },
        "written": {
            "into a new project": _written("new_project"),
            "where the fields have their types": _written("known_fields"),
            "settings": lambda seen: str(seen["settings"]),
            "with these": _written("with_settings"),
        },
        "profile": {
            "`bigNumber`": _in_profile("bigNumber"),
            "`balance`": _in_profile("balance"),
            "`ratio`": _in_profile("ratio"),
            "`vip`": _in_profile("vip"),
            "`born`": _in_profile("born"),
            "`seen`": _in_profile("seen"),
            "`prefs`": _in_profile("prefs"),
            "`tags`": _in_profile("tags"),
        },
    },
}
"""Page -> its tables -> their columns, each made from what was seen of a row."""
