"""The pytest plugin and its fixtures."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TEST = """
import requests

def test_the_sandbox_is_empty(iterable_sandbox):
    headers = {"Api-Key": iterable_sandbox.api_key}
    assert requests.get(iterable_sandbox.url + "/api/lists", headers=headers, timeout=10).json() == {"lists": []}
    assert iterable_sandbox.counts()["users"] == 0
    assert [entry.path for entry in iterable_sandbox.requests("GET *")] == ["/api/lists"]

def test_the_sandbox_breaks_when_asked_to(iterable_sandbox):
    iterable_sandbox.inject("gateway")
    assert requests.get(iterable_sandbox.url + "/api/lists", timeout=10).status_code == 502

def test_another_kind_of_sandbox(start_iterable_sandbox):
    sandboxes = [start_iterable_sandbox(project_type=kind) for kind in ("hybrid", "userId")]
    assert [sandbox.counts()["projectType"] for sandbox in sandboxes] == ["hybrid", "userId"]
    assert sandboxes[0].url != sandboxes[1].url
"""


def test_the_fixtures_work_in_a_project_that_knows_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["iterable_sandbox.pytest_plugin"]')
    pytester.makepyfile(TEST)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)
