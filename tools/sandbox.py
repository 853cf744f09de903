"""The tables in the page about the sandbox: endpoints, settings and faults, made from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from inspect import getdoc
from pathlib import Path
from typing import Any, Final, get_args

from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import DAY, MINUTE, SECOND
from iterable_sandbox.coverage import NOT_BUILT, extent
from iterable_sandbox.faults import Fault
from iterable_sandbox.faults.kinds import AnyFault
from iterable_sandbox.routes.table import ENDPOINTS
from iterable_sandbox.rules import runtime_settings
from iterable_sandbox.rules.settings import Settings
from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "sandbox.md"

_PERIODS: Final = {SECOND: "second", MINUTE: "minute", DAY: "24 hours"}


def files() -> dict[Path, str]:
    """The page with its tables up to date."""
    page = PAGE.read_text()
    for place, table in {"endpoints": _endpoints(), "settings": _settings(), "faults": _faults()}.items():
        page = filled(page, f"<!-- made: {place} -->\n", table)
    return {PAGE: page}


def _endpoints() -> str:
    built = [f"{row.method} {row.path}" for row in ENDPOINTS]
    routes = sorted({*built, *NOT_BUILT}, key=lambda route: (route.partition(" ")[2], route))
    return _table(("endpoint", "limit", "built", "note"), (_endpoint(route) for route in routes))


def _endpoint(route: str) -> tuple[str, ...]:
    limits = (
        f"{row.count} in a {_PERIODS[row.seconds]}, per {row.scope}".replace("a 24", "24")
        for row in facts_of(*route.split(" ")).limits
    )
    return f"`{route}`", "<br>".join(limits), *extent(route)


def _settings() -> str:
    described = _attributes(Settings)
    shown = runtime_settings.as_json(Settings())
    rows = ((f"`{name}`", f"`{json.dumps(value)}`", described[name]) for name, value in shown.items())
    return _table(("setting", "default", ""), rows)


def _faults() -> str:
    kinds = get_args(get_args(AnyFault)[0])
    common = {field.name for field in fields(Fault)} | {"fault"}
    rows = (
        (f"`{kind.fault}`", ", ".join(_option(one) for one in fields(kind) if one.name not in common), _summary(kind))
        for kind in kinds
    )
    return _table(("fault", "options", "what happens"), rows)


def _option(field: Field[Any]) -> str:
    return f"`{field.name}`" if field.default is MISSING else f"`{field.name}` ({json.dumps(field.default)})"


def _summary(kind: type) -> str:
    return (getdoc(kind) or "").partition("\n")[0]


def _attributes(kind: type) -> Mapping[str, str]:
    """What a docstring says about each attribute."""
    listed = (getdoc(kind) or "").partition("Attributes:\n")[2]
    rows = re.findall(r"^    (\w+): (.*(?:\n {6,}.*)*)", listed, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in rows}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows)) + "\n"
