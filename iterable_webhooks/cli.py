"""`iterable-webhooks`: receive Iterable's system webhooks, and look after the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from iterable_api.errors import IterableError
from iterable_api.http.addresses import HOSTS
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import DocumentedLimits, RateLimiter
from iterable_api.rate_limits.state_store import open_store
from iterable_api.waiting.cancellation import PROCESS
from iterable_webhooks import server
from iterable_webhooks.log import set_up_log
from iterable_webhooks.settings.receiver import SettingError, Settings, has_password
from iterable_webhooks.settings.secrets import read_api_key, read_secrets
from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.reader import StoreReader
from iterable_webhooks.verification.comparison import EventCounts
from iterable_webhooks.verification.exported import seconds_of_requests
from iterable_webhooks.verification.period import Period
from iterable_webhooks.verification.report import as_json, as_table, is_store_complete
from iterable_webhooks.verification.verifying import KeysNotKeptError, names_to_compare, one_project, verify

DEFAULT_STORE: Final = "iterable-webhooks.db"
_MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
_MISSING: Final = 3
"""The exit code of `verify` where the store lacks events. Click itself ends with 1 and 2."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _option(name: str, **declared: Any) -> Callable[[_Command], _Command]:
    """An option that is also a variable of the environment."""
    variable = f"ITERABLE_WEBHOOKS_{name.upper().replace('-', '_')}"
    return click.option(f"--{name}", envvar=variable, show_default=declared.get("default") is not None, **declared)


_STORE: Final = _option(
    "store",
    default=DEFAULT_STORE,
    help="Where events are stored: a SQLite file, or the URL of a PostgreSQL database, which several receivers can "
    "share. A URL with a password must come from the variable.",
)


@click.group()
@click.version_option(package_name="singer-iterable", prog_name="iterable-webhooks")
def main() -> None:
    """The receiver of Iterable's system webhooks."""


@main.command("serve")
@_option("host", default="127.0.0.1", help="The address to listen on.")
@_option("port", default=8080, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@_STORE
@_option(
    "project",
    multiple=True,
    metavar="NAME",
    help="A project with a path of its own, `/NAME`; may be repeated. By default every path leads to one project.",
)
@_option(
    "secret-file",
    multiple=True,
    metavar="[NAME=]PATH",
    help="A file with the secret of all projects, or of one; may be repeated. Several lines are several secrets. "
    "Secrets also come from ITERABLE_WEBHOOKS_SECRET and ITERABLE_WEBHOOKS_SECRET_NAME; there is no option for them.",
)
@_option("secret-header", default="X-Webhook-Secret", help="The custom header that may hold the secret.")
@_option("no-secret", is_flag=True, help="Take events from everybody. Only with a host of this machine.")
@_option("max-body-kb", default=1_024, type=click.IntRange(1, 100_000), help="The largest body, in KiB.")
@_option(
    "max-pending-mb",
    default=8,
    type=click.IntRange(1, 10_000),
    help="How many MB of bodies may be in memory, before more are answered 503.",
)
@_option(
    "max-connections",
    default=1_000,
    type=click.IntRange(1, 100_000),
    help="How many connections there may be, before more are answered 503.",
)
@_option("body-timeout", default=30.0, type=click.FloatRange(0.1, 3_600), help="Seconds that a body may take.")
@_option(
    "store-timeout",
    default=10.0,
    type=click.FloatRange(0.1, 3_600),
    help="Seconds that a delivery may wait for the store, before it is answered 503.",
)
@_option(
    "keep-days",
    type=click.IntRange(0, 36_500),
    help="Remove events that all readers have read and that are older. By default they are kept.",
)
@_option(
    "certfile", type=click.Path(path_type=Path), help="The certificate for TLS, in PEM. By default there is no TLS."
)
@_option("keyfile", type=click.Path(path_type=Path), help="Its key, where that is not in the same file.")
@click.pass_context
def serve_command(
    context: click.Context, /, *, project: tuple[str, ...], secret_file: tuple[str, ...], **options: Any
) -> None:
    """Receive events until the process is asked to end.

    Each is answered 200 when it is on the disk, and not before.
    """
    _refuse_password(context, options["store"])
    set_up_log()
    try:
        settings = Settings(read_secrets(project, secret_file, os.environ), **options)
        settings.check()
    except SettingError as problem:
        raise click.ClickException(str(problem)) from None
    with _explained(settings.host, settings.port):
        server.serve(settings, _announce)


@main.command("status")
@_STORE
@click.pass_context
def status_command(context: click.Context, /, *, store: str) -> None:
    """Show what is in the store and who has read how much of it, without personal data."""
    _refuse_password(context, store)
    with _explained(), StoreReader(store) as reader:
        last = reader.last_position
        click.echo(f"events stored: {last}")
        click.echo(f"malformed bodies kept: {reader.malformed_count()}")
        for project in reader.projects():
            click.echo(f"project {project}: {', '.join(name or '(no name)' for name in reader.event_names(project))}")
        for mark in reader.marks():
            click.echo(
                f"reader {mark.reader}: {last - mark.position} behind, marked {mark.marked_at:%Y-%m-%d %H:%M} UTC"
            )


@main.command("forget-reader")
@click.argument("name")
@_STORE
@click.pass_context
def forget_reader_command(context: click.Context, /, *, name: str, store: str) -> None:
    """Let a reader that is no more no longer keep events from being removed."""
    _refuse_password(context, store)
    with _explained(), StoreReader(store) as reader:
        if not reader.forget_reader(name):
            raise click.ClickException(f"There is no reader {name!r}.")


@main.command("verify")
@_STORE
@_option("project", multiple=True, metavar="NAME", help="The project of the store that the API key belongs to.")
@_option(
    "name",
    multiple=True,
    metavar="EVENT",
    help="An event name to compare, such as emailOpen; may be repeated. By default all that have ever arrived.",
)
@_option("since", type=_MOMENT, help="Compare events from here on, in UTC. By default the last 24 full hours.")
@_option("until", type=_MOMENT, help="Compare events before this, in UTC. By default the start of this hour.")
@_option("region", type=click.Choice([*HOSTS]), default="us", help="The data centre that the project is in.")
@_option("api-url", help="Where the API is, instead of the region's host: for a sandbox or a proxy.")
@_option(
    "api-key-file",
    metavar="PATH",
    help="A file with the API key. It also comes from ITERABLE_WEBHOOKS_API_KEY; there is no option for it.",
)
@_option(
    "rate-limit-store",
    metavar="PLACE",
    help="Where the limits are kept together with other processes: the `rate_limit_store` of the tap. A URL with a "
    "password must come from the variable.",
)
@_option(
    "rate-limit-project",
    metavar="NAME",
    help="The name of the project in that store: the `rate_limit_project` of the tap.",
)
@click.option("--json", "is_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def verify_command(context: click.Context, /, *, is_json: bool, **options: Any) -> None:
    """Compare the store with Iterable's export: per event name and hour, how many events each has and lacks.

    The exit code is 0 if the store has all events of the export, 3 if some are missing in it, and 1 if they could not
    be compared.
    """
    _refuse_password(context, options["store"])
    _refuse_password(context, options["rate_limit_store"], "rate_limit_store")
    set_up_log()
    with _explained(), StoreReader(options["store"]) as reader:
        try:
            key = read_api_key(options["api_key_file"], os.environ)
            project = one_project(reader, options["project"])
            names = names_to_compare(reader, options["name"], project)
            period = _period(options["since"], options["until"])
            client = IterableClient(
                key,
                region=options["region"],
                api_url=options["api_url"],
                limiter=_limiter(options["rate_limit_store"], options["rate_limit_project"]),
                user_agent="iterable-webhooks",
            )
        except ValueError as problem:
            raise click.ClickException(str(problem)) from None
        with closing(client):
            found = _verified(client, reader, names, project, period)
    click.echo(as_json(found, period) if is_json else as_table(found))
    context.exit(0 if is_store_complete(found) else _MISSING)


def _limiter(place: str | None, project: str | None) -> RateLimiter:
    store = open_store(place) if place else None
    return DocumentedLimits(store=store, sleep=PROCESS.sleep, project=project or "")


def _verified(
    client: IterableClient, reader: StoreReader, names: Sequence[str], project: str | None, period: Period
) -> list[EventCounts]:
    _tell(
        f"Comparing {period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} UTC, {len(names)} event names. Each "
        f"takes a request, and Iterable takes four a minute: about {seconds_of_requests(len(names))} seconds, and the "
        "time that the answers take."
    )
    try:
        return list(verify(client, reader, names, project, period, tell=_tell))
    except (IterableError, KeysNotKeptError) as error:
        raise click.ClickException(str(error)) from None


def _period(since: datetime | None, until: datetime | None) -> Period:
    last_day = Period.last_day(datetime.now(UTC))
    end = until.replace(tzinfo=UTC) if until else last_day.until
    start = since.replace(tzinfo=UTC) if since else end - (last_day.until - last_day.since)
    if start >= end:
        raise SettingError(f"`since` is {start:%Y-%m-%d %H:%M}, and not before `until`, {end:%Y-%m-%d %H:%M}.")
    return Period(start, end)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)


def _refuse_password(context: click.Context, place: str | None, option: str = "store") -> None:
    source = context.get_parameter_source(option)
    if source is click.core.ParameterSource.COMMANDLINE and place and has_password(place):
        raise click.ClickException(
            f"`{option}` has a password in it, and all users of this machine can see a command line: "
            f"give the URL by ITERABLE_WEBHOOKS_{option.upper()}, or the password by a file (PGPASSFILE)."
        )


@contextmanager
def _explained(host: str = "", port: int = 0) -> Iterator[None]:
    try:
        yield
    except WebhookStoreError as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(
            f"The driver of PostgreSQL is missing ({error.name}): pip install 'singer-iterable[postgres]'"
        ) from None
    except OSError as error:
        place = f" ({error.filename})" if error.filename else f" on {host}:{port}" if host else ""
        raise click.ClickException(
            f"The receiver cannot start{place}: {error.strerror or type(error).__name__}"
        ) from None


def _announce(url: str) -> None:
    click.echo(f"Receiving webhooks on {url}")


if __name__ == "__main__":
    main()
