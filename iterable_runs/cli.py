"""The command `iterable-runs`: what runs of tap and target did, on the terminal and as a page."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from iterable_runs.presentation.statuses import STATUSES
from iterable_runs.queries.comparing import compare
from iterable_runs.queries.errors import HistoryError, NoSuchRunError, NotASampleError
from iterable_runs.queries.filters import RunFilter
from iterable_runs.queries.history import History
from iterable_runs.queries.history_parts import Pace, days_within, pace_of, parts_of
from iterable_runs.queries.opening import has_password
from iterable_runs.queries.replaying import replay_commands
from iterable_runs.store.places import DEFAULT_PLACE
from iterable_runs.terminal import reports
from iterable_runs.terminal.json_output import as_json

_PASSWORD_VARIABLE: Final = "ITERABLE_RUNS_PASSWORD"  # noqa: S105 (a variable's name)
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _option(name: str, **declared: Any) -> Callable[[_Command], _Command]:
    """An option that is also a variable of the environment."""
    variable = f"ITERABLE_RUNS_{name.upper().replace('-', '_')}"
    return click.option(f"--{name}", envvar=variable, show_default=declared.get("default") is not None, **declared)


def _history(context: click.Context, parameter: click.Parameter, place: str) -> History:
    """The history at a place. A password on the command line is refused, where all users of the machine see it."""
    source = context.get_parameter_source(str(parameter.name))
    if source is click.core.ParameterSource.COMMANDLINE and has_password(place):
        raise click.ClickException(
            "`store` has a password in it, and all users of this machine can see a command line: give the URL by "
            "ITERABLE_RUNS_STORE, or the password by a file (PGPASSFILE)."
        )
    with _explained():
        history = History(place)
    context.call_on_close(history.close)
    return history


_STORE: Final = _option(
    "store",
    default=DEFAULT_PLACE,
    callback=_history,
    help="The run history: what `run_history` of tap and target names, a SQLite file or the URL of a PostgreSQL "
    "database. A URL with a password must come from the variable.",
)
_DATE: Final = click.DateTime(["%Y-%m-%d"])
_JSON: Final = click.option("--json", "is_json", is_flag=True, help="Print JSON instead of a table.")


@click.group()
@click.version_option(package_name="singer-iterable", prog_name="iterable-runs")
def main() -> None:
    """What runs of tap-iterable and target-iterable did."""


@main.command("list")
@_STORE
@click.option("--plugin", default="", help="Only runs of this plugin, such as tap-iterable.")
@click.option("--pipeline", default="", help="Only runs of this pipeline.")
@click.option("--status", type=click.Choice([*STATUSES]), help="Only runs with this status.")
@click.option("--number", default=20, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@_JSON
def list_command(*, store: History, plugin: str, pipeline: str, status: str | None, number: int, is_json: bool) -> None:
    """List the runs, the latest first."""
    with _explained():
        page = store.runs(RunFilter(plugin, pipeline, status or ""), number)
        if is_json:
            click.echo(as_json([*page.runs]))
            return
        click.echo(reports.runs(page.runs, datetime.now(UTC)) if page.runs else reports.no_runs(store.shown_place))


@main.command("show")
@_STORE
@click.argument("run")
@_JSON
def show_command(*, store: History, run: str, is_json: bool) -> None:
    """Show a run with its streams. RUN is its id, or the first letters of it, or `last`."""
    with _explained():
        found = store.run(run)
        streams, reasons = store.streams(found.id), store.reject_counts(found.id)
    members = {"run": found, "streams": streams, "rejects": reasons}
    click.echo(as_json(members) if is_json else reports.run(found, streams, reasons, datetime.now(UTC)))


@main.command("compare")
@_STORE
@click.argument("first")
@click.argument("second")
@_JSON
def compare_command(*, store: History, first: str, second: str, is_json: bool) -> None:
    """Compare two runs, number by number."""
    with _explained():
        one, other = store.run(first), store.run(second)
        comparison = compare(one, other, store.streams(one.id), store.streams(other.id))
    click.echo(as_json(comparison) if is_json else reports.comparison(comparison))


@main.command("rejects")
@_STORE
@click.argument("run")
@_JSON
def rejects_command(*, store: History, run: str, is_json: bool) -> None:
    """Show why records of a run were rejected, and how to send them again."""
    with _explained():
        found = store.run(run)
        reasons = store.reject_counts(found.id)
        commands = dict(replay_commands(found, store.streams(found.id)))
    if is_json:
        click.echo(as_json({"run": found.id, "rejects": reasons, "replay": commands}))
    else:
        click.echo(reports.rejects(found, reasons, commands))


@main.command("find")
@_STORE
@click.argument("identity")
@_JSON
def find_command(*, store: History, identity: str, is_json: bool) -> None:
    """Show what became of a user or an item in the last runs.

    IDENTITY is an e-mail address, a userId or the id of an item; `-` reads it from standard input.
    """
    asked = sys.stdin.readline().strip() if identity == "-" else identity.strip()
    with _explained():
        found = store.find(asked)
    click.echo(as_json(found) if is_json else reports.found(found, datetime.now(UTC)))


@main.command("plan")
@_STORE
@click.argument("start", type=_DATE)
@click.argument("end", type=_DATE)
@click.option("--run", "sample", help="A run of the tap that has read some days of the history, or `last`.")
@click.option("--days", default=31, show_default=True, type=click.IntRange(min=1), help="How many days it has read.")
@click.option("--rows-a-day", type=click.IntRange(min=1), help="Instead of such a run: how many rows a day has.")
@click.option("--rows", type=click.IntRange(min=1), help="How many rows a part may have.")
@click.option("--minutes", type=click.IntRange(min=1), help="How long a part may take, at the pace of the run.")
@click.option("--for", "form", type=click.Choice([*reports.PART_FORMS]), default="meltano", show_default=True)
def plan_command(
    *,
    store: History,
    start: datetime,
    end: datetime,
    sample: str | None,
    days: int,
    rows_a_day: int | None,
    rows: int | None,
    minutes: int | None,
    form: str,
) -> None:
    """Divide a long history into parts of about the same size, and print how to read each.

    START is its first day, such as 2023-01-01, and END the day after its last one.
    """
    if (sample is None) is (rows_a_day is None) or (rows is None) is (minutes is None) or end <= start:
        raise click.UsageError("Give --run or --rows-a-day, --rows or --minutes, and an END after START.")
    with _explained():
        pace = Pace(float(rows_a_day)) if rows_a_day else pace_of(store.run(str(sample)), days)
    budget, a_day = (rows, pace.rows) if rows else (minutes, pace.minutes)
    if budget is None or not a_day:
        raise click.UsageError("How long a part takes is known of a run only: give --run, or --rows.")
    parts = parts_of(start.date(), end.date(), days_within(budget, a_day))
    click.echo(reports.size_of_parts(parts, pace), err=True)
    click.echo(reports.parts(parts, form))


@main.command("serve")
@_STORE
@_option("host", default="127.0.0.1", help="The address to listen on. One that others can reach wants a password.")
@_option("port", default=8090, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@_option(
    "password-file",
    type=click.Path(path_type=Path),
    help=f"A file with the password of the page. It also comes from {_PASSWORD_VARIABLE}; there is no option for it.",
)
@_option(
    "certfile", type=click.Path(path_type=Path), help="The certificate for TLS, in PEM. By default there is no TLS."
)
@_option("keyfile", type=click.Path(path_type=Path), help="Its key, where that is not in the same file.")
def serve_command(*, store: History, password_file: Path | None, **options: Any) -> None:
    """Serve a page with all of this, and metrics for Prometheus, until the process is asked to end."""
    try:
        from iterable_runs.page import server  # noqa: PLC0415 (fails where the extra is missing)
        from iterable_runs.page.settings import (  # noqa: PLC0415
            PageSettingError,
            PageSettings,
            read_password,
        )
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"The page lacks {error.name}. Install its extra: pip install 'singer-iterable[runs]'"
        ) from None
    try:
        settings = PageSettings(password=read_password(password_file, os.environ), **options)
        settings.check()
    except PageSettingError as problem:
        raise click.ClickException(str(problem)) from None
    if settings.is_readable_on_the_way:
        click.echo(
            "Others on the network can read the pages and the password: set `certfile`, or use a proxy.", err=True
        )
    try:
        server.serve(store, settings, lambda url: click.echo(f"Runs are shown on {url}"))
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (HistoryError, NoSuchRunError, NotASampleError) as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
