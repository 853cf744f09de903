"""Whatever a record holds, it gets a verdict, and what is misshapen stays here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iterable_api.facts.key_types import KeyType
from target_iterable.objects.registry import OBJECTS
from tests.target.conftest import NewProject
from tests.target.loading import stream
from tests.target.scenery import APP_KEY, FROM_APPS

MODES: Final = [(name, mode) for name, object_ in OBJECTS.items() for mode in object_.spec.modes if mode != "mirror"]
ITEM: Final = {"id": "m", "name": "Mug", "price": 4.5, "quantity": 2}

_COLUMNS: Final = re.compile(r"^ *(\w+(?:, \w+)*)(?:, and all other columns)?: ", re.MULTILINE)
_WRONG: Final[list[Any]] = [None, "", [], "7", 7, 1.5, True]
_LIKELY: Final[list[Any]] = [
    *("ann@example.com", "A1", "nobody", "5", "5.0", "2026-01-01", "12, 15", "APNS", "emailList", "", "..", "a/b"),
    *(None, True, 0, -1, 5, 1.5, 10**20, 1e300, [], {}, [1], ["a"], [None], [ITEM], [ITEM, 5], {"a": {"b": [1]}}),
    *(json.dumps([ITEM]), json.dumps({"a": 1}), "[1]", "{", "[" * 2000),
    *([ITEM | {member: wrong}] for member in ITEM for wrong in _WRONG),
]
_LEAVES: Final = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
_ANYTHING: Final = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)


def records(name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some that are nearly right, and some that are not at all."""
    object_ = OBJECTS[name]
    documented = {column for names in _COLUMNS.findall(object_.__doc__ or "") for column in names.split(", ")}
    columns = [*sorted(documented | object_.example.keys()), "dataFields", "extra"]
    wild = st.dictionaries(st.sampled_from(columns), st.sampled_from(_LIKELY) | _ANYTHING, max_size=4)
    return st.lists(wild | wild.map(lambda changes: {**object_.example, **changes}), min_size=1, max_size=15)


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_every_record_gets_a_verdict(new_project: NewProject, tmp_path: Path, name: str, mode: str) -> None:
    project = new_project(keys={APP_KEY: KeyType.MOBILE}, subscription_endpoints=True, opt_in_message_types=True)
    key = APP_KEY if name in FROM_APPS else project.sandbox.api_key
    route = {"object": name, "mode": mode}

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(records(name))
    def check(rows: list[dict[str, Any]]) -> None:
        done = project.load(
            stream("any", [{**row, "id": number} if "id" not in row else row for number, row in enumerate(rows)]),
            streams={"any": route},
            api_key=key,
            max_rejects="100%",
            allow_destructive=True,
            allow_messaging=True,
            ledger=str(tmp_path / "ledger.db"),
        )["any"]
        assert done["read"] == len(rows) == done["written"] + done["unchanged"] + done["rejected"]
        assert "BadJsonBody" not in done["reasons"]

    check()
