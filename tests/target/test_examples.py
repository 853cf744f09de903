"""The examples of the documentation work."""

from __future__ import annotations

from typing import Final

import pytest

from iterable_api.facts.key_types import KeyType
from target_iterable.objects.registry import OBJECTS
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream
from tests.target.scenery import APP_KEY, FROM_APPS, READING, fill

OLD: Final = {"email": "ann@old.example.com"}
ANN: Final = {"email": "ann@example.com"}


@pytest.fixture
def prepared(new_project: NewProject) -> Project:
    """A project with everything that the examples speak of."""
    project = new_project(keys={APP_KEY: KeyType.MOBILE}, subscription_endpoints=True, opt_in_message_types=True)
    fill(project.sandbox)
    return project


@pytest.mark.parametrize("name", OBJECTS)
def test_the_example_of_an_object_is_written(prepared: Project, name: str) -> None:
    prepared.load(stream("users", [OLD] if name == "user_emails" else [OLD, ANN]))
    record = dict(OBJECTS[name].example)
    done = prepared.load(
        stream(name, [record], [column for column in ("id",) if column in record]),
        streams={name: {"object": name}},
        allow_destructive=True,
        allow_messaging=True,
        **({"api_key": APP_KEY} if name in FROM_APPS else {}),
    )
    assert (done[name]["written"], done[name]["rejected"]) == (int(name not in READING), 0)
