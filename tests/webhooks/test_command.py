"""The command: what it refuses to start with, and what it shows."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmarks.webhook_sender import SECRET
from iterable_webhooks.store.events import Position
from iterable_webhooks.store.reader import StoreReader
from tests.webhooks.conftest import Start
from tests.webhooks.receivers import run_command

REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no secret": ((), {}, "`secret` is not set for the project 'default'"),
    "no secret for one project": (
        ("--project", "north", "--project", "south"),
        {"ITERABLE_WEBHOOKS_SECRET_NORTH": SECRET},
        "`secret` is not set for the project 'south'",
    ),
    "no secret for everybody": (("--no-secret", "--host", "0.0.0.0"), {}, "`no-secret` wants a host of this machine"),  # noqa: S104 (it is refused)
    "a secret and none": (("--no-secret",), {"ITERABLE_WEBHOOKS_SECRET": SECRET}, "`no-secret` is set, and so is"),
    "a short secret": ((), {"ITERABLE_WEBHOOKS_SECRET": "short"}, "16 visible ASCII characters at least"),
    "a file that is not there": (("--secret-file", "nowhere"), {}, "`secret-file` 'nowhere' cannot be read"),
    "a file of no project": (("--secret-file", "west=nowhere"), {}, "`secret-file` is for 'west'"),
    "a project with an odd name": (("--project", "N/S", "--no-secret"), {}, "`project` 'N/S'"),
    "a project with a path of ours": (("--project", "health", "--no-secret"), {}, "`project` 'health'"),
    "a password": (
        ("--no-secret", "--store", "postgresql://me:my-password@127.0.0.1/db"),
        {},
        "`store` has a password in it",
    ),
    "another database": (("--no-secret", "--store", "mysql://127.0.0.1/db"), {}, "`store` is neither"),
    "a database that is not there": (
        ("--no-secret", "--store", "postgresql://127.0.0.1:9/db"),
        {},
        "The store of received webhooks cannot be used (OperationalError)",
    ),
    "a folder": (("--no-secret", "--store", "/"), {}, "`store` cannot be written: '/'"),
    "a folder that is not there": (("--no-secret", "--store", "/nowhere/store.db"), {}, "/nowhere/store.db"),
    "no certificate": (("--no-secret", "--keyfile", "key.pem"), {}, "`keyfile` is set, and `certfile` is not"),
    "a certificate that is not there": (("--no-secret", "--certfile", "cert.pem"), {}, "`certfile` names no file"),
    "less memory than a body": (
        ("--no-secret", "--max-body-kb", "2000", "--max-pending-mb", "1"),
        {},
        "`max-pending-mb`",
    ),
    "an odd header": (("--no-secret", "--secret-header", "a b"), {}, "`secret-header` is no name"),
    "an address of another machine": (("--host", "192.0.2.1"), {"ITERABLE_WEBHOOKS_SECRET": SECRET}, "192.0.2.1:8080"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_at_the_start_by_its_name(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options, variables, said = REFUSED[case]
    ran = run_command("serve", *options, **variables)
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not {"my-password", SECRET} & set(re.findall(r"[\w-]+", ran.stderr + ran.stdout))


def test_no_option_takes_a_secret_and_the_help_says_where_secrets_come_from() -> None:
    helped = run_command("serve", "--help").stdout
    assert re.findall(r"--[\w-]*secret[\w-]*", helped).count("--secret") == 0
    assert "ITERABLE_WEBHOOKS_SECRET" in helped
    assert "there is no option for them" in " ".join(helped.split())


def test_the_version_is_that_of_the_distribution() -> None:
    assert run_command("--version").stdout.split()[-1] == version("singer-iterable")


def test_a_store_of_another_version_is_refused_in_words(tmp_path: Path, start: Start) -> None:
    store = tmp_path / "store.db"
    assert start(store=str(store)).end() == 0
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        database.execute("UPDATE iterable_webhook_store SET schema_version = 2")
    ran = run_command("serve", "--no-secret", "--store", str(store))
    assert (ran.returncode, "has version 2" in ran.stderr) == (1, True)


def test_status_shows_what_is_stored_and_who_has_read_it(start: Start) -> None:
    receiver = start()
    for body in (b'{"eventName": "emailOpen", "email": "nobody@example.com"}', b"{}", b"[]"):
        receiver.post(body)
    with StoreReader(receiver.store) as reader:
        reader.mark_read("tap-iterable", Position(1))
    shown = run_command("status", "--store", receiver.store).stdout
    assert "events stored: 2\n" in shown
    assert "malformed bodies kept: 1\n" in shown
    assert "project default: (no name), emailOpen\n" in shown
    assert "reader tap-iterable: 1 behind" in shown
    assert "nobody@example.com" not in shown
    assert run_command("forget-reader", "tap-iterable", "--store", receiver.store).returncode == 0
    again = run_command("forget-reader", "tap-iterable", "--store", receiver.store)
    assert (again.returncode, "There is no reader 'tap-iterable'" in again.stderr) == (1, True)


def test_status_of_a_store_that_is_not_there_says_so(tmp_path: Path) -> None:
    ran = run_command("status", "--store", str(tmp_path / "none.db"))
    assert (ran.returncode, "There is no store of received webhooks there yet" in ran.stderr) == (1, True)
