"""The command `iterable-sandbox`: serve a local Iterable, seed a project, load export files."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import requests

from iterable_api.facts.identity import ProjectType
from iterable_sandbox import server
from iterable_sandbox.exports import loading
from iterable_sandbox.faults import read_fault
from iterable_sandbox.live.client import Pace, SimulationClient
from iterable_sandbox.rules import runtime_settings
from iterable_sandbox.rules.settings import DEFAULT_API_KEY, Settings
from iterable_sandbox.seed.plan import MAX_DAYS, MAX_EVENTS, MAX_USERS, Plan
from iterable_sandbox.seed.seeding import seed
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire import clock

_DAY_FORMAT: Final = "%Y-%m-%d"
_DATE_FORMATS: Final = [_DAY_FORMAT, "%Y-%m-%dT%H:%M:%S"]
_PROJECT_TYPES = click.Choice([kind.value for kind in ProjectType])


class _Moment(click.DateTime):
    """A time in UTC that the clock of the sandbox can show."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time, or refuse it by the name of its option."""
        moment: datetime = super().convert(value, param, ctx).replace(tzinfo=UTC)
        try:
            clock.checked(str(value), clock.milliseconds(moment))
        except ValueError as problem:
            self.fail(str(problem), param, ctx)
        return moment


class _Finite(click.FloatRange):
    """A range of finite numbers. Every range of click has NaN in it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or refuse it by the name of its option."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is no finite number.", param, ctx)
        return number


@click.group()
@click.version_option(package_name="singer-iterable", prog_name="iterable-sandbox")
def main() -> None:
    """A local Iterable: the same HTTP API over SQLite."""


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--database", default=":memory:", show_default=True, help="SQLite file of the project.")
@click.option("--api-key", default=DEFAULT_API_KEY, show_default=True, envvar="ITERABLE_SANDBOX_API_KEY")
@click.option("--project-type", type=_PROJECT_TYPES, help="What identifies users. [default: the file's, else email]")
@click.option("--no-limits", is_flag=True, help="Enforce no rate limits.")
@click.option(
    "--settings", "changes", default="{}", metavar="JSON", help="Settings, such as '{\"export_restarts\": 1}'."
)
@click.option("--fault", "faults", multiple=True, metavar="JSON", help="A fault to inject; may be repeated.")
@click.option("--now", type=_Moment(_DATE_FORMATS), help="Time of the sandbox at the start, in UTC. [default: now]")
@click.option("--log-personal-data", is_flag=True, help="Keep URIs and bodies in the request log.")
def serve_command(*, changes: str, faults: tuple[str, ...], now: datetime | None, **options: Any) -> None:
    """Serve the API until SIGTERM or SIGINT."""
    try:
        settings = runtime_settings.with_changes(_settings(options), changes)
        planned = [read_fault(fault) for fault in faults]
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    start = server.Start(options["database"], options["host"], options["port"], planned, now)
    try:
        server.serve(settings, start, _print_url)
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {start.host}:{start.port}: {error.strerror}") from None


def _settings(options: Mapping[str, Any]) -> Settings:
    return Settings(
        project_type=_project_type(options["database"], options["project_type"]),
        api_key=options["api_key"],
        limits=not options["no_limits"],
        log_personal_data=options["log_personal_data"],
    )


@main.command("seed")
@click.option("--database", required=True, help="SQLite file to create and fill.")
@click.option("--users", default=5000, show_default=True, type=click.IntRange(1, MAX_USERS))
@click.option(
    "--events", default=60_000, show_default=True, type=click.IntRange(0, MAX_EVENTS), help="At least this many."
)
@click.option(
    "--days",
    default=60,
    show_default=True,
    type=click.IntRange(1, MAX_DAYS),
    help="Number of days before --until that the events span.",
)
@click.option("--seed", "number", default=1, show_default=True, help="A different number makes a different project.")
@click.option("--until", default="2026-11-01", show_default=True, type=_Moment([_DAY_FORMAT]))
@click.option("--project-type", type=_PROJECT_TYPES, default=ProjectType.EMAIL.value, show_default=True)
def seed_command(
    *, database: str, users: int, events: int, days: int, number: int, until: datetime, project_type: str
) -> None:
    """Fill a new project with synthetic data. Equal arguments make equal files, byte for byte."""
    try:
        plan = Plan(users, events, days, number, until, ProjectType(project_type))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    store = _open(database)
    try:
        seed(store, plan)
        click.echo(f"{database}: {store.users.count()} users, {store.events.count()} events")
    except ValueError as error:
        raise click.ClickException(f"{database}: {error}") from None
    finally:
        store.close()


@main.command("load")
@click.argument("file", type=click.File("rb"))
@click.option("--database", required=True, help="SQLite file of the project; created if missing.")
@click.option(
    "--data-type",
    required=True,
    type=click.Choice(loading.data_type_names()),
    metavar="NAME",
    help="Data type of FILE.",
)
def load_command(*, file: BinaryIO, database: str, data_type: str) -> None:
    """Load an export file, one JSON object per line. Load users before their events."""
    store = _open(database)
    try:
        click.echo(f"{database}: {loading.load(store, data_type, file)} lines of {data_type}")
    except ValueError as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    finally:
        store.close()


@main.command("live")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the sandbox is served.")
@click.option("--api-key", default=DEFAULT_API_KEY, show_default=True, envvar="ITERABLE_SANDBOX_API_KEY")
@click.option("--rate", default=20.0, show_default=True, type=_Finite(0, 5000, min_open=True), help="Events/s.")
@click.option("--day", type=_Finite(1), help="Let a day pass in so many seconds, by the sandbox's clock.")
@click.option("--seconds", type=_Finite(0, min_open=True), help="How long. [default: the day, or without end]")
@click.option("--webhook", "endpoints", multiple=True, metavar="URL", help="Make a webhook first; may be repeated.")
def live_command(*, url: str, api_key: str, endpoints: tuple[str, ...], **pace: Any) -> None:
    """Let things happen in a served sandbox: sends, opens, clicks, purchases. An empty project is seeded first."""
    client = SimulationClient(url, api_key)
    try:
        for endpoint in endpoints:
            client.add_webhook(endpoint)
        with suppress(KeyboardInterrupt):
            client.run(Pace(**pace), click.echo)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    except requests.RequestException:
        raise click.ClickException(f"There is no sandbox at {url}. Start one: iterable-sandbox serve") from None


def _print_url(url: str) -> None:
    click.echo(f"Iterable sandbox listening on {url}")


def _open(database: str) -> Store:
    try:
        return Store(database)
    except sqlite3.Error as error:
        raise click.ClickException(f"Cannot open {Path(database)}: {error}") from None


def _project_type(database: str, requested: str | None) -> ProjectType:
    """Project type of the file, which never changes. A new file gets the requested one."""
    store = _open(database)
    try:
        return store.project_type(None if requested is None else ProjectType(requested))
    except ValueError as error:
        raise click.ClickException(f"{database}: {error}") from None
    finally:
        store.close()


if __name__ == "__main__":
    main()
