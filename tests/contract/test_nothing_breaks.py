"""No request makes a route of the sandbox answer with an unexpected 500."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_sandbox.routes.table import ENDPOINTS, Endpoint
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.body_schema import BodySchema
from iterable_sandbox.wire.json_text import to_json
from tests.contract.requests_of_the_contract import EVERYTHING_ON, KNOWN, MOBILE

ODD = st.sampled_from(
    ["", " ", "0", "-1", "9" * 19, "9" * 400, "null", "a.b", "é\u202e", "x" * 600, "%2F", "2026-13-45", "1e999", "٣"]
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | ODD
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(ODD | st.sampled_from(sorted(KNOWN)), inner, max_size=4)
    ),
    max_leaves=8,
)
DEPTHS = (50, 300, 900, 990, 1000, 1500, 5000)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory, seeded_database: Path) -> Iterator[Sandbox]:
    database = tmp_path_factory.mktemp("nothing_breaks") / "project.db"
    shutil.copy(seeded_database, database)
    with Sandbox(database=str(database), **EVERYTHING_ON) as sandbox:
        yield sandbox


def likely(name: str) -> st.SearchStrategy[Any]:
    """Often what the project knows by this name."""
    return st.just(KNOWN[name]) | ANYTHING if name in KNOWN else ANYTHING


def bodies(shape: BodySchema, name: str = "", level: int = 4) -> st.SearchStrategy[Any]:
    """Bodies that mostly have a shape, so that they come past the check of it. A shape may hold itself."""
    if level and shape.items is not None:
        return st.lists(bodies(shape.items, name, level - 1), max_size=3)
    if level and shape.fields:
        fields = {field: bodies(inner, field, level - 1) for field, inner in shape.fields.items()}
        needed = {field: one for field, one in fields.items() if field in shape.required}
        return st.fixed_dictionaries(needed, optional={k: v for k, v in fields.items() if k not in needed})
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": ODD | st.text(max_size=8),
        "number": st.integers(-(2**63), 2**63),
        "decimal": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "object": st.dictionaries(ODD | st.text(max_size=8), ANYTHING, max_size=3),
    }
    return likely(name) if name in KNOWN else kinds.get(shape.kind, ANYTHING)


def ask(sandbox: Sandbox, endpoint: Endpoint, path: str, query: dict[str, str], body: bytes | None) -> set[int]:
    """The statuses of the answers to a server and to an app."""
    url = sandbox.url + path
    return {
        requests.request(
            endpoint.method, url, params=query, data=body, headers={"Api-Key": key}, timeout=10
        ).status_code
        for key in (sandbox.api_key, MOBILE)
    }


PARAMETERS = st.dictionaries(st.sampled_from(sorted(KNOWN)), ODD | st.sampled_from(list(map(str, KNOWN.values()))))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: f"{row.method} {row.path}")
@settings(max_examples=12, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_is_answered_with_a_500(seeded: Sandbox, endpoint: Endpoint, data: st.DataObject) -> None:
    names = [part.strip("{}") for part in endpoint.path.split("/") if part.startswith("{")]
    path = endpoint.path
    for name in names:
        value = str(data.draw(ODD | st.just(KNOWN.get(name, 1)), label=name)) or "-"
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    body = None if endpoint.body is None else data.draw(bodies(endpoint.body) | ANYTHING, label="body")
    sent = None if endpoint.body is None else to_json(body).encode("utf-8", "replace")
    assert 500 not in ask(seeded, endpoint, path, data.draw(PARAMETERS, label="query"), sent)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("endpoint", [row for row in ENDPOINTS if row.body is not None], ids=lambda row: row.path)
def test_a_deeply_nested_body_is_no_500(seeded: Sandbox, endpoint: Endpoint, depth: int) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    assert endpoint.body is not None
    fields = ",".join(f'"{name}":{filled(name, shape, deep)}' for name, shape in endpoint.body.fields.items())
    assert 500 not in ask(seeded, endpoint, known_path(endpoint), {}, f"{{{fields}}}".encode())


def filled(name: str, shape: BodySchema, deep: str, level: int = 3) -> str:
    """A field with a deep object wherever an object may be. A shape may hold itself."""
    if level and shape.items is not None:
        return f"[{filled(name, shape.items, deep, level - 1)}]"
    if level and shape.fields:
        inner = (f'"{key}":{filled(key, one, deep, level - 1)}' for key, one in shape.fields.items())
        return f"{{{','.join(inner)}}}"
    return deep if shape.kind == "object" else to_json(KNOWN.get(name, 1))


def known_path(endpoint: Endpoint) -> str:
    path = endpoint.path
    for part in endpoint.path.split("/"):
        if part.startswith("{"):
            path = path.replace(part, str(KNOWN.get(part.strip("{}"), 1)))
    return path
