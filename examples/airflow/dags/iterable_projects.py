"""Days of events of several projects into a warehouse: a mapped task for each group of streams of each project.

The plugins run in an environment of their own, whose Python ITERABLE_PYTHON names: Airflow pins many libraries.
"""

import os
from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag, task

PROJECTS = ("north", "south")
GROUPS = (
    {"name": "purchases", "streams": ["purchase"]},
    {"name": "custom_events", "streams": ["custom_event"]},
)


@task.external_python(
    python=os.environ["ITERABLE_PYTHON"],
    expect_airflow=False,
    retries=2,
    retry_delay=timedelta(minutes=1),
    retry_exponential_backoff=True,
)
def load(project: str, group: dict, start: str, end: str, run: str) -> dict:
    """Read what happened from start to end, and load it; the numbers of rows and requests."""
    import os
    from contextlib import closing
    from pathlib import Path

    from singer_iterable.running.plugins import Command
    from singer_iterable.running.state_stores import state_store
    from singer_iterable.running.steps import Step, run_step

    key, warehouse = os.environ[f"{project.upper()}_API_KEY"], os.environ["WAREHOUSE"]
    settings = {"api_key": key, "start_date": start, "end_date": end}
    if url := os.environ.get(f"{project.upper()}_API_URL"):
        settings["api_url"] = url
    name = f"{project}/{group['name']}/{start[:10]}"
    step = Step(
        Command("tap-iterable", settings),
        Command("target-postgres", {"sqlalchemy_url": warehouse, "default_target_schema": project}),
        state=name,
        streams=group["streams"],
    )
    with closing(state_store(os.environ["STATE_STORE"])) as store:
        # A retry of this run goes on where it broke off; another run of the day reads it whole.
        ended = run_step(step, store, Path("iterable-runs") / name, attempt=run, secrets=[key, warehouse])
    numbers = {"seconds": ended.seconds}
    if ended.extracted is not None:  # unless its run history could not be written
        numbers |= {"rows": ended.extracted.totals.read, "requests": ended.extracted.totals.requests}
    return numbers


@dag(
    # A run at 6 o'clock is about the day before it: events may come late, and the tap holds back for a minute anyway.
    schedule=CronDataIntervalTimetable("0 6 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 9, 1, tz="UTC"),
    catchup=False,
    tags=["iterable"],
)
def iterable_projects() -> None:
    """A day of each project. Pools cannot be mapped, so projects are a loop, and their groups are mapped."""
    for project in PROJECTS:
        load.override(task_id=project, pool=f"iterable_{project}").partial(
            project=project,
            # The interval goes from 6 to 6, and the range that is read from midnight to midnight.
            start="{{ data_interval_start.start_of('day').isoformat() }}",
            end="{{ data_interval_end.start_of('day').isoformat() }}",
            run="{{ run_id }}",
        ).expand(group=list(GROUPS))


iterable_projects()
