"""Two projects of one organisation: events and users into a warehouse, and its customers into both projects."""

import os

import dagster as dg

from singer_iterable.dagster import IterableProject, Plugin, TargetSync, iterable_definitions


def connection(name: str) -> dict[str, object]:
    """The key of a project, and its address if that is a sandbox."""
    url = os.environ.get(f"{name.upper()}_API_URL")
    return {"api_key": dg.EnvVar(f"{name.upper()}_API_KEY"), **({"api_url": url} if url else {})}


def project(name: str) -> IterableProject:
    """A project with a schema of its own in the warehouse."""
    return IterableProject(
        name,
        organisation="acme",
        first_day="2026-09-01",
        tap=connection(name),
        loader=Plugin(
            "target-postgres", {"sqlalchemy_url": dg.EnvVar("WAREHOUSE_FOR_TARGET"), "default_target_schema": name}
        ),
        syncs=[
            TargetSync(
                "customers",
                Plugin("tap-postgres", {"sqlalchemy_url": dg.EnvVar("WAREHOUSE_FOR_TAP"), "filter_schemas": ["crm"]}),
                {
                    **connection(name),
                    "ledger": dg.EnvVar(f"{name.upper()}_LEDGER"),
                    "streams": {"crm-customers": {"object": "users", "skip_unchanged": True}},
                },
                streams=["crm-customers"],
                cron="0 * * * *",
            )
        ],
    )


defs = iterable_definitions([project("north"), project("south")], state_store=dg.EnvVar("STATE_STORE"))
