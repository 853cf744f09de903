"""Requests that remove what has left a source are requests of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tests.contract.published_api import Contract
from tests.contract.test_plugin_requests import problems
from tests.target.loading import Loader
from tests.target.test_mirror import ROWS, mirror, people, version

USERS = people("ann@example.com", "bob@example.com", plan="paid")
REMOVALS: dict[str, tuple[str, str, list[dict[str, Any]], dict[str, Any]]] = {
    "list_members": ("list_members", "POST /api/lists/unsubscribe", USERS, {}),
    "catalog_items": ("catalog_items", "DELETE /api/catalogs/*/items", ROWS["catalog_items"], {}),
    "metadata": ("metadata", "DELETE /api/metadata/*", ROWS["metadata"], {}),
    "snippets": ("snippets", "DELETE /api/snippets/*", ROWS["snippets"], {}),
    "clear": ("users", "POST /api/users/bulkUpdate", USERS, {"on_removed": "clear"}),
    "delete": ("users", "DELETE /api/users/*", USERS, {"on_removed": "delete"}),
    "forget": ("users", "POST /api/users/forget", USERS, {"on_removed": "forget"}),
}


@pytest.mark.parametrize("what", REMOVALS)
def test_a_removal_is_a_request_of_the_contract(contract: Contract, tmp_path: Path, what: str) -> None:
    name, route, rows, options = REMOVALS[what]
    with Sandbox(log_personal_data=True) as sandbox:
        load = Loader(sandbox, tmp_path)
        for number in (1, 2):
            records = version(name, number, rows[number - 1 :])
            summary = load(records, **mirror(name, **options), allow_destructive=True)
        assert summary[name]["removed"] == 1
        last = sandbox.requests(route)[-1]
    assert list(problems(contract, last)) == []
