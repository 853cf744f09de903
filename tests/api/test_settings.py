"""The settings of a connection become a client, and wrong ones are named."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from iterable_api.errors import ConnectionFailedError, ServerError
from iterable_api.http.addresses import HOSTS
from iterable_api.plugin import connection_settings as settings
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_api.waiting.cancellation import PROCESS
from iterable_sandbox.server import Sandbox
from tests.api.conftest import KEY
from tests.scripted_server import Answer, ScriptedServer, dripping

SCHEMA = {"type": "object", "properties": settings.CONNECTION}


def config(**given: Any) -> dict[str, Any]:
    defaults = {name: setting["default"] for name, setting in settings.CONNECTION.items() if "default" in setting}
    return {**defaults, "api_key": KEY, **given}


def test_the_defaults_are_a_valid_configuration() -> None:
    jsonschema.validate(config(), SCHEMA)
    settings.connect(config(), "us/1").close()


@pytest.mark.parametrize("name", settings.CONNECTION)
def test_every_setting_says_what_it_is_for(name: str) -> None:
    assert settings.CONNECTION[name]["title"]
    assert settings.CONNECTION[name]["description"].endswith(".")


def test_what_opens_something_is_marked_as_a_secret() -> None:
    secrets = {name for name, setting in settings.CONNECTION.items() if setting.get("secret")}
    assert secrets == {"api_key", "rate_limit_store"}


def test_every_region_of_the_client_can_be_chosen() -> None:
    assert settings.CONNECTION["region"]["enum"] == list(HOSTS)


@pytest.mark.parametrize(
    ("given", "user_agent"), [({}, "tap-iterable/1.2"), ({"user_agent": "our-pipeline/7"}, "our-pipeline/7")]
)
def test_the_settings_reach_the_server(server: ScriptedServer, given: dict[str, str], user_agent: str) -> None:
    client = settings.connect(config(api_url=server.url, **given), "tap-iterable/1.2")
    client.get_json("/api/lists")
    client.close()
    assert server.last.headers["Api-Key"] == KEY
    assert server.last.headers["User-Agent"] == user_agent


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"region": "asia"}, "`region`"),
        ({"api_url": "ftp://host"}, "`api_url`"),
        ({"api_url": ""}, "`api_url`"),
        ({"api_key": "two words"}, "`api_key`"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_before_anything_is_sent(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        settings.connect(config(**wrong), "us/1")


@pytest.mark.parametrize(("tries", "longest", "naps"), [(1, 60, []), (4, 2, [1, 2, 2]), (3, 60, [1, 2])])
def test_tries_and_the_longest_wait_are_settings(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tries: int, longest: int, naps: list[int]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(PROCESS, "sleep", slept.append)
    server.after = lambda _: Answer(520)
    given = config(api_url=server.url, max_tries=tries, longest_wait_seconds=longest)
    client = settings.connect(given, "us/1")
    with pytest.raises(ServerError):
        client.get_json("/api/lists")
    client.close()
    assert len(server.requests) == tries
    assert [int(nap) for nap in slept if nap] == pytest.approx(naps, abs=1)


def test_the_stall_time_out_is_a_setting(server: ScriptedServer) -> None:
    server.script = [Answer(fault=dripping([b"HTTP/1.1 200 OK\r\nX: ", *[b"x"] * 400]))]
    client = settings.connect(config(api_url=server.url, max_tries=1, stall_timeout_seconds=1), "us/1")
    with pytest.raises(ConnectionFailedError, match="`stall_timeout_seconds`"):
        client.get_json("/api/lists")
    client.close()


@pytest.mark.parametrize(
    ("name", "senseless"),
    [
        ("max_tries", (0, -1, 101, 1.5, "3", True, None)),
        ("longest_wait_seconds", (0, -1, 60_000, "60", None)),
        ("stall_timeout_seconds", (0, -1, 300_000, "300", None)),
        ("lock_timeout_seconds", (0, -1, 60_000, "60", None)),
    ],
)
def test_tries_and_times_that_make_no_sense_do_not_fit_the_schema(name: str, senseless: tuple[object, ...]) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    for value in senseless:
        assert not validator.is_valid(config(**{name: value})), value
    for value in (1, settings.CONNECTION[name]["default"]):
        assert validator.is_valid(config(**{name: value})), value


@pytest.mark.parametrize("enforced", [True, False])
def test_documented_limits_are_kept_unless_they_are_turned_off(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, *, enforced: bool
) -> None:
    asked: list[str] = []

    class Recording(DocumentedLimits):
        def acquire(self, method: str, path: str) -> None:
            asked.append(f"{method} {path}")

    monkeypatch.setattr(settings, "DocumentedLimits", Recording)
    client = settings.connect(config(api_url=server.url, enforce_rate_limits=enforced), "us/1")
    client.get_json("/api/lists")
    client.close()
    assert asked == (["GET /api/lists"] if enforced else [])


def test_processes_with_the_same_store_keep_the_limits_together(tmp_path: Path) -> None:
    with Sandbox(limits=True) as sandbox:
        shared = {"api_key": sandbox.api_key, "api_url": sandbox.url, "rate_limit_store": str(tmp_path / "limits.db")}
        clients = [settings.connect(config(**shared), "us/1") for _ in range(2)]
        for _ in range(3):
            for client in clients:
                client.get_json("/api/users/getFields")
        for client in clients:
            client.close()
        statuses = {entry.status for entry in sandbox.requests("GET /api/users/getFields")}
    assert statuses == {200}


def test_projects_with_names_of_their_own_have_a_budget_each_in_one_store(tmp_path: Path) -> None:
    place = tmp_path / "limits.db"
    with Sandbox(limits=True) as sandbox:
        for project in ("north", "south", "north"):
            shared = {"api_key": sandbox.api_key, "api_url": sandbox.url, "rate_limit_store": str(place)}
            client = settings.connect(config(**shared, rate_limit_project=project), "us/1")
            client.get_json("/api/users/getFields")
            client.close()
    with closing(sqlite3.connect(place)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM iterable_rate_limits ORDER BY name")]
    assert [name.split()[:3] for name in names] == [
        [project, "GET", "/api/users/getFields"] for project in ("north", "south")
    ]


@pytest.mark.parametrize("region", HOSTS)
def test_the_region_decides_who_is_asked(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # nothing leaves this machine
    client = settings.connect(config(region=region, max_tries=1), "us/1")
    with pytest.raises(ConnectionFailedError, match=rf" {urlsplit(HOSTS[region]).netloc} "):
        client.get_json("/api/lists")
    client.close()
