"""The check of the connection before data is sent."""

from __future__ import annotations

import pytest

from iterable_api.errors import UnauthorizedError
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from target_iterable.config.setting_error import SettingError
from target_iterable.project.connection_check import check_connection
from tests.target.conftest import NewProject


@pytest.mark.parametrize(
    ("real", "said", "seen"),
    [
        ("email", "email", "e-mail-based or hybrid"),
        ("hybrid", "email", "e-mail-based or hybrid"),
        ("userId", "userId", "userID-based or hybrid"),
        ("hybrid", "hybrid", "userID-based or hybrid"),
    ],
)
def test_one_request_tells_that_the_project_can_be_of_the_type(
    new_project: NewProject, real: str, said: str, seen: str
) -> None:
    project = new_project(project_type=real)
    assert f"the project is {seen}" in check_connection(project.holds.client, ProjectType(said))
    assert len(project.sandbox.requests()) == 1


@pytest.mark.parametrize(("real", "said"), [("userId", "email"), ("email", "userId"), ("email", "hybrid")])
def test_one_request_tells_that_the_project_is_of_another_type(new_project: NewProject, real: str, said: str) -> None:
    project = new_project(project_type=real)
    with pytest.raises(SettingError, match=f"`project_type` is {said}, but the project does not seem to be"):
        check_connection(project.holds.client, ProjectType(said))
    assert len(project.sandbox.requests()) == 1


@pytest.mark.parametrize("kind", ["ServerSideReadOnly", "Disabled"])
def test_one_request_tells_that_a_key_cannot_write(new_project: NewProject, kind: str) -> None:
    key = "0123456789abcdef0123456789abcdef"
    project = new_project(keys={key: kind})
    client = IterableClient(key, api_url=project.sandbox.url, max_tries=1)
    with pytest.raises(UnauthorizedError, match="Check `api_key`, and `region`"):
        check_connection(client, ProjectType.EMAIL)
    client.close()
