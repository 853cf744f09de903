"""Fixtures of the contract tests: the facts that Iterable publishes about its API, from the tables in `facts`.

- `contract`: operations and schemas of the API's contract; see `tests/contract/published_api.py`.
- `client`: those that Iterable's own client knows beside it.
- `published`: both together.
- `published_fields`, `exported_kinds`: fields of data types, as published and as recorded.
"""

import pytest

from tests.contract.published_api import Contract, sections


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract.read("api.txt")


@pytest.fixture(scope="session")
def client() -> Contract:
    return Contract.read("client_api.txt")


@pytest.fixture(scope="session")
def published() -> Contract:
    return Contract.read("api.txt", "client_api.txt")


@pytest.fixture(scope="session")
def published_fields() -> dict[str, dict[str, str]]:
    """Data type to field to type, as published schemas and recorded export lines have them."""
    return dict(sections("event_fields.txt"))


@pytest.fixture(scope="session")
def exported_kinds() -> dict[str, dict[str, str]]:
    """Data type to field to the kinds of values that it had in recorded export lines."""
    return dict(sections("exported_kinds.txt"))
