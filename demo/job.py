"""The main job: out of Iterable into the warehouse, an audience in SQL, back into Iterable, a look at the models."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.iterable import API_KEY, Project, Seed, sandbox
from demo.models import Dbt, DbtMissingError, install, postgres_output
from demo.pipelines import Meltano
from demo.report import Insight, Line
from demo.warehouse import Warehouse, warehouse

ACTIVATION: Final = Path(__file__).parent / "activation.sql"
INSIGHTS: Final = Path(__file__).parent / "insights.sql"

IN_ITERABLE: Final[Mapping[str, Callable[[Project], int]]] = {
    "users": lambda iterable: iterable.exported("user", lambda user: "buyerTier" in user),
    "events": lambda iterable: iterable.exported("customEvent", lambda event: event["eventName"] == "audienceEntered"),
    "list_members": lambda iterable: iterable.list_size("Loyal and clicking"),
    "catalog_items": lambda iterable: iterable.catalog_size("bestsellers"),
}
"""Per table of the schema `activation`: how many of its rows Iterable holds."""

Say = Callable[[str], None]


class Result(NamedTuple):
    """The lines of the way out and of the way back, and five from the models; none of these if there is no dbt."""

    extracted: list[Line]
    activated: list[Line]
    insights: list[Insight]


def run(folder: Path, seed: Seed, say: Say) -> Result:
    """Do the job once. What it needs is kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    say("Starting a local Iterable and a PostgreSQL")
    with sandbox(folder / "iterable.db", seed) as iterable, warehouse(folder / "postgres") as postgres:
        meltano = Meltano(folder, _settings(folder, seed, iterable, postgres))
        say("meltano run tap-iterable target-postgres")
        extracted = _extract(meltano, iterable, postgres)
        say(f"Running {ACTIVATION.name} in PostgreSQL")
        postgres.run(ACTIVATION)
        say("meltano run tap-postgres target-iterable")
        activated = _activate(meltano, iterable, postgres, folder / "summary.json")
        return Result(extracted, activated, _insights(folder / "dbt", postgres, say))


def _settings(folder: Path, seed: Seed, iterable: Project, postgres: Warehouse) -> dict[str, str]:
    plugins = ("TAP_ITERABLE", "TARGET_ITERABLE")
    history = str(folder / "iterable-runs.db")
    shared = {"API_KEY": API_KEY, "API_URL": iterable.url, "ENFORCE_RATE_LIMITS": "false", "RUN_HISTORY": history}
    return {
        **{f"{plugin}_{name}": value for plugin in plugins for name, value in shared.items()},
        "TAP_ITERABLE_START_DATE": seed.start_date,
        # The local Iterable stores at once, so the next run may see all that this one writes.
        "TAP_ITERABLE_HOLD_BACK_MINUTES": "0",
        "TAP_ITERABLE_MALFORMED_DIRECTORY": str(folder / "malformed"),
        "TARGET_ITERABLE_SUMMARY_PATH": str(folder / "summary.json"),
        "TARGET_ITERABLE_REJECTS_PATH": str(folder / "rejects"),
        "TAP_POSTGRES_SQLALCHEMY_URL": postgres.sqlalchemy_url("psycopg2"),
        "TARGET_POSTGRES_SQLALCHEMY_URL": postgres.sqlalchemy_url("psycopg"),
    }


def _extract(meltano: Meltano, iterable: Project, postgres: Warehouse) -> list[Line]:
    streams = meltano.run("tap-iterable", "target-postgres")
    there, here = iterable.counts(), postgres.counts("iterable")
    return [
        Line(stream, there[stream], here.get(stream, 0), streams[stream].records, streams[stream].seconds)
        for stream in there
    ]


def _activate(meltano: Meltano, iterable: Project, postgres: Warehouse, summary_path: Path) -> list[Line]:
    summary_path.unlink(missing_ok=True)
    meltano.run("tap-postgres", "target-iterable")
    summary = json.loads(summary_path.read_text())["streams"]
    here = postgres.counts("activation")
    return [_activated(table, summary, count(iterable), here[table]) for table, count in IN_ITERABLE.items()]


def _activated(table: str, summary: Mapping[str, Any], there: int, here: int) -> Line:
    stream = f"activation-{table}"
    counts = summary[stream]
    return Line(stream, there, here, counts["read"], counts["seconds"], counts["written"], counts["rejected"])


def _insights(folder: Path, postgres: Warehouse, say: Say) -> list[Insight]:
    """Build the models, and ask them."""
    folder.mkdir(exist_ok=True)
    try:
        dbt = install(folder / "environment")
    except DbtMissingError as error:
        say(f"dbt cannot be installed, so the models are left out: {error}")
        return []
    say("dbt run")
    Dbt(dbt, folder, postgres_output(postgres.folder, "models"))("run")
    return [Insight(question, answer) for _, question, answer in postgres.rows(INSIGHTS)]
