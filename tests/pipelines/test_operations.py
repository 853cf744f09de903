"""The command sequences of docs/operations.md do what the page says, run as they stand there."""

from __future__ import annotations

import configparser
import json
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from dotenv import dotenv_values
from ruamel.yaml import YAML

from demo.warehouse import warehouse
from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import QUIET
from tests.pipelines.operations import CHAPTERS, HOME, Deployed, Tables
from tests.target.test_mirror import version
from tools.generated import ROOT

pytestmark = pytest.mark.more

PIPELINE = "dev:tap-iterable-to-target-postgres"
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
EVENTS = ["email_send.*", "purchase.*"]
DATABASES = count()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The folder of a server."""
    with warehouse(tmp_path_factory.mktemp("postgres")) as server:
        yield server.folder


@pytest.fixture
def tables(postgres: str) -> Tables:
    name = f"operations_{next(DATABASES)}"
    Tables(postgres, "postgres").run(f"create database {name}")
    return Tables(postgres, name)


@pytest.fixture
def source(seeded_database: Path, tmp_path: Path) -> Iterator[Sandbox]:
    database = str(shutil.copy(seeded_database, tmp_path / "project.db"))
    with Sandbox(database=database, log_personal_data=True) as sandbox:
        yield sandbox


@pytest.fixture
def deployed(source: Sandbox, tables: Tables, tmp_path: Path) -> Deployed:
    env = reading(source) | {"TARGET_POSTGRES_SQLALCHEMY_URL": tables.url}
    return Deployed(tmp_path / "project", env, EVENTS)


def reading(source: Sandbox) -> dict[str, str]:
    return {
        "TAP_ITERABLE_API_KEY": source.api_key,
        "TAP_ITERABLE_API_URL": source.url,
        "TAP_ITERABLE_ENFORCE_RATE_LIMITS": "false",
        "TAP_ITERABLE_START_DATE": f"{SINCE:%Y-%m-%dT%H:%M:%SZ}",
        "TAP_ITERABLE_EXPORT_MODE": "stream",
    }


def happened(source: Sandbox, data_type: str, since: datetime | None = None) -> int:
    """How many events the project has, by its export."""
    when = {"range": "All"} if since is None else {"startDateTime": f"{since:%Y-%m-%d %H:%M:%S}"}
    answer = requests.get(
        f"{source.url}/api/export/data.json",
        params={"dataTypeName": data_type, **when},
        headers={"Api-Key": source.api_key},
        timeout=60,
    )
    answer.raise_for_status()
    return len(answer.text.splitlines())


def test_every_chapter_with_commands_is_run_here() -> None:
    own = Path(__file__).read_text()
    assert [name for name, chapter in CHAPTERS.items() if chapter.all_blocks and f'CHAPTERS["{name}"]' not in own] == []


def test_the_line_of_cron_and_the_unit_of_systemd_run_every_night(
    deployed: Deployed, source: Sandbox, tables: Tables
) -> None:
    chapter = CHAPTERS["Run it every night"]
    [crontab] = chapter.blocks("crontab")
    deployed.ran(*by_cron(crontab, deployed.folder))
    expected = happened(source, "emailSend", SINCE)
    assert tables.events("email_send") == (expected, expected)
    assert "Run completed" in (deployed.folder / "night.log").read_text()
    service, timer = chapter.blocks("systemd")
    deployed.ran(*by_systemd(service, deployed.folder))
    assert tables.events("email_send") == (expected, expected)
    verified_by_systemd(deployed.folder, service, timer)


def by_cron(crontab: str, home: Path) -> tuple[list[str], dict[str, str]]:
    """The command of a crontab and its environment, as crontab(5) says, in the folder `home`."""
    lines = crontab.replace(HOME, str(home)).splitlines()
    variables = dict(line.split("=", 1) for line in lines if not line[0].isdigit())
    [entry] = (line for line in lines if line[0].isdigit())
    *when, command = entry.split(maxsplit=5)
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    assert all(field == "*" or least <= int(field) <= most for field, (least, most) in zip(when, limits, strict=True))
    assert "%" not in command
    environment = {"HOME": "/", "LOGNAME": "nobody", "SHELL": "/bin/sh", **variables}
    return ["/bin/sh", "-c", command], environment | silent()


def silent() -> dict[str, str]:
    """The variables that keep Meltano off the network, without the PATH of the tests."""
    return {name: value for name, value in QUIET.items() if name != "PATH"}


def by_systemd(service: str, home: Path) -> tuple[list[str], dict[str, str]]:
    """The command of a unit and its environment, in the folder `home`."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(service.replace(HOME, str(home)))
    part = unit["Service"]
    assert part["WorkingDirectory"] == str(home)
    name, _, value = part["Environment"].partition("=")
    return part["ExecStart"].split(), {"HOME": "/", name: value} | silent()


def verified_by_systemd(home: Path, service: str, timer: str) -> None:
    if not (verifier := shutil.which("systemd-analyze")):
        return
    paths = [home / "iterable.service", home / "iterable.timer"]
    for path, text in zip(paths, (service, timer), strict=True):
        path.write_text(text.replace(HOME, str(home)).replace("User=iterable\n", ""))
    ended = subprocess.run(
        [verifier, "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60, check=False
    )
    assert [line for line in (ended.stdout + ended.stderr).splitlines() if "iterable." in line] == []


def test_a_backfill_a_resync_and_a_move_of_the_states_leave_every_row_once(
    deployed: Deployed, source: Sandbox, tables: Tables
) -> None:
    deployed.shell("meltano run tap-iterable target-postgres")
    nightly = deployed.states()[PIPELINE]
    backfill, clear = CHAPTERS["Read a month again"].blocks("sh")
    deployed.shell(backfill)
    everything = happened(source, "emailSend")
    assert tables.events("email_send") == (everything, everything)
    assert everything > happened(source, "emailSend", SINCE)
    assert deployed.states()[PIPELINE] == nightly
    assert f"{PIPELINE}:2026-09" in deployed.states()
    deployed.shell(clear)
    assert list(deployed.states()) == [PIPELINE]

    tables.run("delete from iterable.email_send")
    [resync] = CHAPTERS["Read one stream from the beginning"].blocks("sh")
    before = len(source.requests("GET /api/export/data.json"))
    deployed.shell(resync)
    october = happened(source, "emailSend", SINCE)
    assert tables.events("email_send") == (october, october)
    starts = starts_of(source, before)
    assert (starts["emailSend"], {*starts}) == (SINCE, {"emailSend", "purchase"})
    assert starts["purchase"] > datetime.now(UTC) - timedelta(days=1)

    [move] = CHAPTERS["Where things are"].blocks("sh")
    [quiet] = CHAPTERS["How much is logged"].blocks("sh")
    deployed.shell(move)
    (deployed.folder / ".meltano" / "meltano.db").unlink()
    before = len(source.requests("GET /api/export/data.json"))
    log = deployed.shell(quiet)
    assert min(starts_of(source, before).values()) > datetime.now(UTC) - timedelta(days=1)
    assert tables.events("email_send") == (october, october)
    assert [line for line in log.splitlines() if "] tap-iterable" in line] == []
    assert "] target-postgres" in log


def starts_of(source: Sandbox, before: int) -> dict[str, datetime]:
    """Data type -> the moment from which it was asked for first, in exports after the first `before` ones."""
    found: dict[str, datetime] = {}
    for entry in source.requests("GET /api/export/data.json")[before:]:
        asked = parse_qs(urlsplit(entry.uri or "").query)
        moment = datetime.fromisoformat(asked["startDateTime"][0]).replace(tzinfo=UTC)
        found.setdefault(asked["dataTypeName"][0], moment)
    return found


def test_after_a_change_of_the_key_runs_use_the_new_one_and_a_mirror_goes_on(tmp_path: Path) -> None:
    old, new, database = "0" * 32, "1" * 32, str(tmp_path / "project.db")
    [dotenv] = CHAPTERS["Change the API key"].blocks("dotenv")
    [commands] = CHAPTERS["Change the API key"].blocks("sh")
    route = {"people": {"object": "list_members", "list": "All", "mode": "mirror"}}
    load = "meltano invoke target-iterable --input people.singer"
    with Sandbox(database=database, api_key=old) as sandbox:
        deployed = Deployed(tmp_path / "project", mirroring(sandbox, old, route), ["users.*"])
        write_people(deployed, 1, "ann@example.com", "bob@example.com")
        deployed.shell(load)
        assert members(sandbox) == {"ann@example.com", "bob@example.com"}
    with Sandbox(database=database, api_key=new) as sandbox:
        given = (tmp_path / "given.env", dotenv.replace("NEW_KEY", new).replace("OLD_KEY", old))
        given[0].write_text(given[1])
        changed = {name: str(value) for name, value in dotenv_values(given[0]).items()}
        deployed.write_env(mirroring(sandbox, old, route) | changed)
        deployed.shell(commands)
        changed.pop("TARGET_ITERABLE_PREVIOUS_LEDGER_KEY")
        deployed.write_env(mirroring(sandbox, old, route) | changed)
        write_people(deployed, 2, "ann@example.com")
        deployed.shell(load)
        assert members(sandbox) == {"ann@example.com"}
        assert {entry.status for entry in sandbox.requests("* /api/*")} == {200}


def mirroring(sandbox: Sandbox, key: str, route: dict[str, Any]) -> dict[str, str]:
    return reading(sandbox) | {
        "TAP_ITERABLE_API_KEY": key,
        "TARGET_ITERABLE_API_KEY": key,
        "TARGET_ITERABLE_API_URL": sandbox.url,
        "TARGET_ITERABLE_ENFORCE_RATE_LIMITS": "false",
        "TARGET_ITERABLE_MAX_REMOVALS": "5",
        "TARGET_ITERABLE_STREAMS": json.dumps(route),
    }


def write_people(deployed: Deployed, number: int, *emails: str) -> None:
    messages = version("people", number, [{"email": email} for email in emails], key=["email"])
    (deployed.folder / "people.singer").write_text("".join(f"{json.dumps(message)}\n" for message in messages))


def members(sandbox: Sandbox) -> set[str]:
    headers = {"Api-Key": sandbox.api_key}
    lists = requests.get(f"{sandbox.url}/api/lists", headers=headers, timeout=30).json()["lists"]
    [found] = (entry["id"] for entry in lists if entry["name"] == "All")
    answer = requests.get(f"{sandbox.url}/api/lists/getUsers", params={"listId": found}, headers=headers, timeout=30)
    return set(answer.text.split())


class _Proxy(socketserver.StreamRequestHandler):
    """Notes where a client wants to go, and lets nobody through."""

    asked: list[str]

    def handle(self) -> None:
        self.asked.append(self.rfile.readline().decode().split()[1])
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The URL of a proxy, and the hosts for which it was asked."""
    handler = type("Handler", (_Proxy,), {"asked": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", handler.asked  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_with_the_region_of_the_page_requests_go_to_the_european_data_centre(tmp_path: Path) -> None:
    keys = {"TAP_ITERABLE_API_KEY": "0" * 32, "TARGET_ITERABLE_API_KEY": "0" * 32}
    deployed = Deployed(tmp_path / "project", keys | {"TAP_ITERABLE_START_DATE": "2026-10-01"}, ["users.*"])
    [commands] = CHAPTERS["A project in the European data centre"].blocks("sh")
    deployed.shell(commands)
    tries = {"TAP_ITERABLE_MAX_TRIES": "1", "TARGET_ITERABLE_MAX_TRIES": "1"}
    with proxy() as (url, asked):
        for check in ("tap-iterable --test", "target-iterable --check"):
            deployed.shell(f"! meltano invoke {check}", HTTPS_PROXY=url, **tries)
    assert set(asked) == {"api.eu.iterable.com:443"}
    assert len(asked) >= 2


def test_each_of_several_projects_has_a_key_a_schema_and_a_state_of_its_own(
    source: Sandbox, tables: Tables, tmp_path: Path
) -> None:
    chapter = CHAPTERS["Several projects"]
    [yaml], [dotenv], [commands] = chapter.blocks("yaml"), chapter.blocks("dotenv"), chapter.blocks("sh")
    with Sandbox(project_type="hybrid") as travel:
        bought = {
            "user": {"email": "ann@example.com"},
            "items": [{"id": "1", "name": "Trip", "price": 9, "quantity": 1}],
        }
        requests.post(
            f"{travel.url}/api/commerce/trackPurchase",
            json={**bought, "total": 9},
            headers={"Api-Key": travel.api_key},
            timeout=30,
        ).raise_for_status()
        (tmp_path / "given.env").write_text(
            dotenv.replace("KEY_OF_SHOP", source.api_key).replace("KEY_OF_TRAVEL", travel.api_key)
        )
        named = {name: str(value) for name, value in dotenv_values(tmp_path / "given.env").items()}
        shared = {name: value for name, value in reading(source).items() if not name.endswith(("KEY", "URL"))}
        urls = {"TAP_ITERABLE__SHOP_API_URL": source.url, "TAP_ITERABLE__TRAVEL_API_URL": travel.url}
        held_back = {"TAP_ITERABLE_HOLD_BACK_MINUTES": "0", "TARGET_POSTGRES_SQLALCHEMY_URL": tables.url}
        deployed = Deployed(tmp_path / "project", {**shared, **named, **urls, **held_back}, ["purchase.*"])
        for kind, added in YAML(typ="safe").load(yaml)["plugins"].items():
            deployed.project["plugins"][kind].extend(added)
        deployed.save()
        deployed.shell(commands)
    expected = happened(source, "purchase", SINCE)
    assert tables.events("purchase", "shop") == (expected, expected)
    assert tables.events("purchase", "travel") == (1, 1)
    assert set(deployed.states()) == {
        f"dev:tap-iterable--{name}-to-target-postgres--{name}" for name in ("shop", "travel")
    }


def test_what_is_private_is_not_for_git_or_others(tmp_path: Path) -> None:
    deployed = Deployed(tmp_path / "project", {"TAP_ITERABLE_API_KEY": "k"}, ["users.*"])
    [commands] = CHAPTERS["What to keep private"].blocks("sh")
    deployed.shell(f"umask 022; {commands}")
    assert (deployed.folder / ".env").stat().st_mode & 0o077 == 0
    private = [".env", "ledger.db", "ledger.db-wal", "iterable-runs.db-shm", ".meltano/meltano.db", "night.log"]
    private += [f"{name}/a" for name in ("rejects", "audit", "malformed", "dry-run", "states")]
    for path in map(deployed.folder.joinpath, private):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    deployed.shell("git init --quiet .")
    assert deployed.shell(f"git check-ignore {' '.join(private)}").split() == private
    assert "meltano.yml" in deployed.shell("git status --porcelain --untracked-files=all")


def test_an_upgrade_keeps_settings_and_states_and_can_be_taken_back(
    deployed: Deployed, source: Sandbox, wheel: Path
) -> None:
    deployed.shell("meltano run tap-iterable target-postgres")
    backup, upgrade, check, back = CHAPTERS["Upgrade"].blocks("sh")
    shutil.copytree(ROOT / "plugins", deployed.folder.parent / "singer-iterable" / "plugins")
    tap, target = deployed.plugin("extractors", "tap-iterable"), deployed.plugin("loaders", "target-iterable")
    tap["pip_url"] = target["pip_url"] = str(wheel)
    tap["config"] = {"window_days": 7}
    tap["settings"] = [setting for setting in tap["settings"] if setting["name"] != "export_mode"]
    deployed.save()
    states, project = deployed.states(), (deployed.folder / "meltano.yml").read_text()
    deployed.shell(backup)
    deployed.shell(upgrade)
    after = YAML(typ="safe").load(deployed.folder / "meltano.yml")["plugins"]["extractors"][0]
    assert (after["config"], after["select"], after["pip_url"]) == ({"window_days": 7}, EVENTS, str(wheel))
    assert "export_mode" in [setting["name"] for setting in after["settings"]]
    assert (deployed.folder / ".meltano" / "extractors" / "tap-iterable" / "venv" / "bin" / "tap-iterable").exists()
    writing = {"TARGET_ITERABLE_API_KEY": source.api_key, "TARGET_ITERABLE_API_URL": source.url}
    assert "Plugin configuration is valid" in deployed.shell(check, **writing)
    (deployed.folder / ".meltano" / "meltano.db").unlink()
    deployed.shell(back)
    assert deployed.states().keys() == states.keys()
    assert json.loads(deployed.states()[PIPELINE]) == json.loads(states[PIPELINE])
    assert (deployed.folder / "meltano.yml").read_text() == project


def test_the_page_is_named_where_people_look_for_it() -> None:
    for page in ("README.md", "docs/troubleshooting.md"):
        assert "operations.md" in (ROOT / page).read_text()
