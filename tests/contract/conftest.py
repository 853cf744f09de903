"""What Iterable publishes about its API, as files that are too large to be kept here."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.swagger import Contract

FACTS = Path(__file__).parents[3] / "shared" / "iterable"


def facts(name: str) -> Any:
    path = FACTS / name
    if not path.exists():
        pytest.skip(f"compares our tables with {name}, which is not in {FACTS}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def contract() -> Any:
    """Iterable's own description of its API, in Swagger 2.0; it is served at api.iterable.com/api-docs."""
    return facts("api-docs.json")


@pytest.fixture(scope="session")
def closed_contract(contract: Any) -> Contract:
    """The same, ready to judge requests and answers."""
    return Contract(contract)


@pytest.fixture(scope="session")
def published_fields() -> dict[str, dict[str, str]]:
    """Data type to field to type, as published schemas and recorded export lines have them."""
    return {name: fields for name, fields in facts("event-fields.json").items() if not name.startswith("_")}


@pytest.fixture(scope="session")
def export_lines() -> dict[str, list[dict[str, Any]]]:
    """Data type to lines of its export."""
    return {name: lines for name, lines in facts("export-samples.json").items() if not name.startswith("_")}
