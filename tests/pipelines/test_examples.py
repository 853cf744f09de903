"""The examples do what their READMEs say: the commands that are written there are run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from ruamel.yaml import YAML

from benchmarks.webhook_sender import SECRET
from demo.warehouse import warehouse
from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.webhook_events import WEBHOOK_EVENTS
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import QUIET, MeltanoProject
from tests.target.loading import Contents
from tests.webhooks.receivers import receiver

pytestmark = pytest.mark.more

EXAMPLES = Path(__file__).parents[2] / "examples"
ORCHESTRATED = Path(__file__).parents[1] / "dagster" / "test_example_projects.py"
DATABASES = count(1)
SHELL = re.compile(r"```sh\n(?P<commands>.*?)```", re.DOTALL)


class Database:
    """A database of its own, on a server that listens on a socket in a folder."""

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        self.uri = f"postgresql://postgres@/{name}?host={folder}"
        # tap-postgres insists on a host, a user and a password.
        address = f"://postgres:postgres@localhost/{name}?host={folder}"
        self.for_tap = f"postgresql+psycopg2{address}"
        self.for_target = f"postgresql+psycopg{address}"

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []


@dataclass
class Example:
    """A copy of an example, with a database and an Iterable of its own, and perhaps one more to read."""

    folder: Path
    database: Database
    source: Sandbox
    sandbox: Sandbox
    holds: Contents

    def __post_init__(self) -> None:
        self._fields = self.holds.field_types().keys()

    @property
    def new_fields(self) -> set[str]:
        """The profile fields that the project did not have before. It keeps each for ever."""
        return self.holds.field_types().keys() - self._fields

    def run(self, **environment: str) -> str:
        """What the README says; what is printed and logged."""
        commands = "\n".join(found["commands"] for found in SHELL.finditer((self.folder / "README.md").read_text()))
        assert "meltano run" in commands
        ended = subprocess.run(
            ["bash", "-e", "-c", commands],  # noqa: S607 (who reads a README has one)
            cwd=self.folder,
            env={**os.environ, **QUIET, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def undeclare(self, setting: str) -> None:
        """Take a setting of the target out of its definition, as it is in those that people write themselves."""
        path, yaml = self.folder / "meltano.yml", YAML()
        project = yaml.load(path)
        (target,) = project["plugins"]["loaders"]
        declared = target["settings"]
        target["settings"] = [one for one in declared if one["name"] != setting]
        assert len(target["settings"]) == len(declared) - 1
        yaml.dump(project, path)

    @property
    def statuses(self) -> set[int | None]:
        return {entry.status for entry in self.sandbox.requests("* /api/*")}


Begin = Callable[..., Example]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The folder of a server."""
    with warehouse(tmp_path_factory.mktemp("postgres")) as server:
        yield server.folder


@pytest.fixture
def begin(tmp_path: Path, postgres: str) -> Iterator[Begin]:
    """Copies an example, runs its `source.sql`, and fills in its `.env` as a user would."""
    with ExitStack() as stack:

        def example(name: str, source: str | None = None) -> Example:
            sandbox = stack.enter_context(Sandbox())
            read = sandbox if source is None else stack.enter_context(Sandbox(database=source))
            client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
            stack.callback(client.close)
            folder = Path(shutil.copytree(EXAMPLES / name, tmp_path / name))
            database = Database(postgres, f"{name.replace('-', '_')}_{next(DATABASES)}")
            Database(postgres, "postgres").run(f"create database {database.name}")
            (folder / ".env").write_text(filled((folder / ".env.example").read_text(), database, read, sandbox))
            if (script := folder / "source.sql").exists():
                database.run(script.read_text())
            return Example(folder, database, read, sandbox, Contents(client))

        yield example


def filled(env: str, database: Database, read: Sandbox, written: Sandbox) -> str:
    values = {
        "TAP_ITERABLE_API_KEY": read.api_key,
        "TAP_ITERABLE_API_URL": read.url,
        "TARGET_ITERABLE_API_KEY": written.api_key,
        "TARGET_ITERABLE_API_URL": written.url,
        "ITERABLE_WEBHOOKS_API_KEY": written.api_key,
        "ITERABLE_WEBHOOKS_API_URL": written.url,
        "ITERABLE_WEBHOOKS_SECRET": SECRET,
        "ENFORCE_RATE_LIMITS": "false",
        "TAP_POSTGRES_SQLALCHEMY_URL": database.for_tap,
        "TARGET_POSTGRES_SQLALCHEMY_URL": database.for_target,
        "LEDGER": database.uri,
        "RATE_LIMIT_STORE": database.uri,
    }
    names = re.findall(r"^#?([A-Z_]+)=", env, re.MULTILINE)
    found = {name: value for name in names for end, value in values.items() if name.endswith(end)}
    assert list(found) == names
    return "".join(f"{name}='{value}'\n" for name, value in found.items())


WRITING = sorted(path.parent.name for path in EXAMPLES.glob("*/meltano.yml") if "target-iterable" in path.read_text())


def dry(example: Example) -> None:
    """Run it dry, and see that nothing is written, and that this is said."""
    before = contents(example.sandbox)
    said = example.run(TARGET_ITERABLE_DRY_RUN="true")
    assert contents(example.sandbox) == before
    assert [entry for entry in example.sandbox.requests() if entry.method != "GET"] == []
    assert "Dry run: nothing was written to Iterable." in said
    assert [path for path in (example.folder / "dry-run").glob("requests-*.ndjson") if path.stat().st_size]


@pytest.mark.parametrize("name", WRITING)
def test_a_dry_run_of_an_example_writes_nothing_and_says_so(
    begin: Begin, name: str, seeded_database: Path, tmp_path: Path
) -> None:
    source = {"copy-project": str(shutil.copy(seeded_database, tmp_path / "project.db"))}
    dry(begin(name, source.get(name)))


def test_a_dry_run_writes_nothing_though_the_definition_does_not_declare_the_setting(begin: Begin) -> None:
    example = begin("forget-users")
    example.undeclare("dry_run")
    dry(example)


def contents(sandbox: Sandbox) -> dict[str, Any]:
    """All that a sandbox holds."""
    return {**sandbox.counts(), "fields": sandbox.project.store.fields.all()}


def test_every_example_is_in_the_table_and_is_tested() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    listed = set(re.findall(r"\]\(([\w-]+)\)", (EXAMPLES / "README.md").read_text()))
    texts = [path.read_text() for path in (Path(__file__), ORCHESTRATED)]
    tested = {name for text in texts for name in re.findall(r'begin\("([\w-]+)"', text)}
    assert folders == listed == tested


def test_events_are_in_postgresql_once(begin: Begin, seeded_database: Path, tmp_path: Path) -> None:
    example = begin("events-to-postgresql", str(shutil.copy(seeded_database, tmp_path / "project.db")))
    for _ in range(2):
        example.run()
        [[users]] = example.database.run("select count(*) from iterable.users")
        [[purchases]] = example.database.run("select count(*) from iterable.purchase")
        held = example.source.counts()
        assert (users, purchases) == (held["users"], held["events"]["purchase"])
    columns = example.database.run("select column_name from information_schema.columns where table_name = 'users'")
    assert {"email", "userId"} <= {name for (name,) in columns}
    assert "phoneNumber" not in {name for (name,) in columns}
    assert example.new_fields == set()


def test_an_audience_is_a_list_and_who_leaves_it_leaves_the_list(begin: Begin) -> None:
    example = begin("audience-to-list")
    everybody = {f"customer{n}@example.com" for n in range(20)}
    example.run()
    assert example.holds.members("Loyal customers") == everybody
    example.database.run("delete from audience.orders where email = 'customer7@example.com' and id < 20")
    example.run()
    assert example.holds.members("Loyal customers") == everybody - {"customer7@example.com"}
    assert example.new_fields == {"lastOrder"}


def test_a_catalog_mirrors_its_table(begin: Begin) -> None:
    example = begin("catalog-sync")
    example.run()
    items = example.holds.items("Products")
    assert len(items) == 12
    [mug] = [item for item in items.values() if item["name"] == "Mug number 1"]
    assert (mug["price"], mug["stock"], mug["on_sale"], mug["details"]) == (
        10.9,
        3,
        False,
        {"colour": "blue", "litres": 0.25},
    )
    example.database.run("delete from shop.products where sku = 'MUG/1'")
    example.run()
    assert {item["name"] for item in example.holds.items("Products").values()} == {
        f"Mug number {n}" for n in range(2, 13)
    }
    assert example.new_fields == set()
    columns = {"name", "price", "stock", "on_sale", "added", "details"}
    assert {field for field in example.holds.mappings("Products") if "." not in field} == columns


def test_who_asks_for_it_is_forgotten_once(begin: Begin) -> None:
    example = begin("forget-users")
    example.run()
    example.run()
    requests = example.sandbox.requests("POST /api/users/forget")
    assert len(requests) == 2
    assert len(example.holds.client.get_json("/api/users/forgotten")["hashedEmails"]) == 2
    assert example.new_fields == set()


def test_segment_calls_are_users_purchases_and_events(begin: Begin) -> None:
    example = begin("segment-events")
    example.run()
    ann = example.holds.user(email="ann@example.com")
    assert (ann["first_name"], ann["phoneNumber"]) == ("Ann", "+41790000000")
    assert example.new_fields == {"first_name", "phone"}
    [purchase] = example.holds.purchases()
    assert (purchase["id"], purchase["total"]) == ("O-1", 49.9)
    assert [event["eventName"] for event in example.holds.events()] == ["Pricing page"]
    [rejects] = (example.folder / "rejects").glob("*.singer")
    assert [json.loads(line)["record"]["anonymous_id"] for line in rejects.read_text().splitlines()[1:]] == ["a-2"]


def test_several_pipelines_share_limits_and_ledger(begin: Begin) -> None:
    example = begin("several-pipelines")
    example.run()
    assert example.sandbox.counts()["users"] == 500
    assert example.new_fields == {"first_name", "points"}
    assert len(example.holds.events()) == 2000
    assert example.statuses == {200}
    [[known]] = example.database.run("select count(*) from iterable_ledger")
    assert known == 500


def test_a_copy_holds_the_same_people_and_events(begin: Begin, seeded_database: Path, tmp_path: Path) -> None:
    example = begin("copy-project", str(shutil.copy(seeded_database, tmp_path / "project.db")))
    example.run()
    source = IterableClient(example.source.api_key, api_url=example.source.url, limiter=Unlimited())
    known = Contents(source).field_types().keys()
    source.close()
    assert {field.partition(".")[0] for field in example.new_fields} <= {field.partition(".")[0] for field in known}
    there, here = example.source.counts(), example.sandbox.counts()
    assert here["users"] == there["users"] > 0
    assert [here["events"][type_] for type_ in ("customEvent", "purchase")] == [
        there["events"][type_] for type_ in ("customEvent", "purchase")
    ]


def test_events_that_were_delivered_are_in_postgresql_once_and_verify_misses_none(begin: Begin) -> None:
    example = begin("live-events")
    sandbox = example.sandbox
    began = datetime.now(UTC)
    requests.post(f"{sandbox.url}/_sandbox/settings", json={"webhook_duplicates": 0.3}, timeout=30).raise_for_status()
    with receiver(str(example.folder / "iterable-webhooks.db"), example.folder / "receiver.log") as running:
        sandbox.add_webhook(f"{running.url}/{SECRET}")
        for _ in range(2):
            lived = {"events": 400, "advance": 900}
            requests.post(f"{sandbox.url}/_sandbox/live", json=lived, timeout=60).raise_for_status()
            assert sandbox.wait_for_webhooks(60)
            example.run()
            happened = sandbox.counts()["events"]
            streams = {one.name: f"webhook_{one.stream}" for one in DATA_TYPES if one.name in WEBHOOK_EVENTS}
            rows = {
                name: example.database.run(f'select count(*), count(distinct "eventKey") from iterable.{table}')  # noqa: S608 (names of ours)
                for name, table in streams.items()
                if name in happened
            }
            assert len(rows) >= 5
            assert rows == {name: [(happened[name], happened[name])] for name in rows}
    [(since_it_happened, since_it_was_received)] = example.database.run((example.folder / "age.sql").read_text())
    assert since_it_happened is not None
    assert since_it_was_received >= timedelta()
    verified = MeltanoProject(example.folder).meltano(
        "invoke",
        "iterable-webhooks:verify",
        ITERABLE_WEBHOOKS_NAME="emailSend emailOpen",
        ITERABLE_WEBHOOKS_SINCE=f"{began - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        ITERABLE_WEBHOOKS_UNTIL=f"{began + timedelta(hours=2):%Y-%m-%dT%H:%M}",
    )
    assert re.search(r"emailOpen +total .* 0 +0$", verified, re.MULTILINE)
    assert re.search(r"all +total .* 0 +0$", verified, re.MULTILINE)
