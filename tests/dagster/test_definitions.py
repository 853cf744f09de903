"""What the definitions say, without a run: groups, partitions, pools, schedules, and mistakes."""

from __future__ import annotations

import warnings
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from iterable_api.facts.data_types import DATA_TYPES
from singer_iterable.dagster import (
    STREAM_GROUPS,
    IterableProject,
    Plugin,
    Reading,
    TargetSync,
    iterable_definitions,
    pool_limits,
)
from singer_iterable.dagster.execution import Executor, Work
from singer_iterable.dagster.projects import WrongProjectError
from singer_iterable.dagster.secrets import Secrets, VariableMissingError
from tap_iterable.stream_types.resource_stream import RESOURCES
from tap_iterable.streams.registry import PROJECT_STREAMS

KEY = dg.EnvVar("NORTH_API_KEY")
LOADER = Plugin("target-postgres", {"sqlalchemy_url": dg.EnvVar("WAREHOUSE")})
LEDGER = "postgresql://db.example.com/ledger"


def project(name: str = "north", **changes: Any) -> IterableProject:
    return IterableProject(name, **{"tap": {"api_key": KEY}, "loader": LOADER, "first_day": "2026-01-01", **changes})


def sync(**changes: Any) -> TargetSync:
    given: dict[str, Any] = {"target": {"api_key": KEY, "ledger": LEDGER}, "cron": "0 5 * * *"}
    return TargetSync("customers", Plugin("tap-postgres"), **{**given, **changes})


def defined(*projects: IterableProject, **options: Any) -> dg.Definitions:
    return iterable_definitions(projects, state_store="states.db", **options)


@pytest.mark.parametrize("setting", ["ledger", "rate_limit_store"])
@pytest.mark.parametrize("place", ["iterable-ledger.db", "sqlite:///iterable-ledger.db"])
def test_a_place_that_a_variable_names_must_be_one_for_all_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, place: str
) -> None:
    monkeypatch.setenv("PLACE", place)
    executor = Executor(str(tmp_path / "states.db"), str(tmp_path / "work"))
    target = Plugin("target-iterable", {"ledger": LEDGER, setting: dg.EnvVar("PLACE")})
    context = dg.build_asset_context()
    with pytest.raises(dg.Failure, match=f"`{setting}` of target-iterable") as raised:
        executor.run(context, Work("north", "north", Plugin("tap-postgres"), target))
    assert raised.value.allow_retries is False
    assert place not in str(raised.value)


def test_a_relative_ledger_is_refused_in_the_form_of_a_url_too() -> None:
    with pytest.raises(WrongProjectError, match="ledger"):
        project(syncs=[sync(target={"api_key": KEY, "ledger": "sqlite:///ledger.db"})])


def test_a_number_in_a_variable_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINUTES", "90")
    assert Secrets().plain({"hold_back_minutes": dg.EnvVar.int("MINUTES")}) == {"hold_back_minutes": 90}
    monkeypatch.setenv("MINUTES", "many")
    with pytest.raises(VariableMissingError, match="MINUTES"):
        Secrets().plain(dg.EnvVar.int("MINUTES"))


def group_of(stream: str) -> list[str]:
    return [
        group.name
        for group in STREAM_GROUPS
        if any(fnmatchcase(stream, pattern) for pattern in group.streams)
        and not any(fnmatchcase(stream, pattern) for pattern in group.without)
    ]


def test_every_stream_is_in_one_group_and_events_are_read_by_day() -> None:
    readings = {group.name: group.reading for group in STREAM_GROUPS}
    for data_type in DATA_TYPES:
        [name] = group_of(data_type.stream)
        assert readings[name] is (Reading.ON if data_type.stream == "users" else Reading.BY_DAY)
    for stream in (*(resource.stream for resource in RESOURCES), *(one.name for one in PROJECT_STREAMS)):
        assert group_of(stream) == ["resources"]
    assert group_of("webhook_email_open") == []


def test_each_project_has_its_assets_and_a_webhook_store_brings_one_more_with_a_sensor() -> None:
    wanted = defined(project(), project("south", tap={"api_key": KEY, "webhook_store": dg.EnvVar("STORE")}))
    keys = {key.to_user_string() for key in wanted.resolve_all_asset_keys()}
    groups = {group.name for group in STREAM_GROUPS}
    assert keys == {f"{name}/{group}" for name in ("north", "south") for group in groups} | {"south/webhook_events"}
    assert [sensor.name for sensor in wanted.sensors or []] == ["south_webhook_deliveries"]


def test_a_backfill_is_one_run_unless_it_is_divided() -> None:
    emails = ["north", "email_events"]
    policies = [
        defined(project(), **options).get_assets_def(emails).backfill_policy for options in ({}, {"days_per_run": 31})
    ]
    assert [policy and policy.max_partitions_per_run for policy in policies] == [None, 31]
    partitions = defined(project(timezone="Europe/Zurich")).get_assets_def(emails).partitions_def
    assert isinstance(partitions, dg.DailyPartitionsDefinition)
    assert (partitions.get_first_partition_key(), partitions.timezone) == ("2026-01-01", "Europe/Zurich")


@pytest.mark.parametrize(
    ("mode", "group", "pool"),
    [
        ("stream", "email_events", "iterable_project_north"),
        ("jobs", "email_events", "iterable_organisation_acme"),
        ("auto", "users", "iterable_organisation_acme"),
        ("jobs", "resources", "iterable_project_north"),
        ("jobs", "customers", "iterable_project_north"),
    ],
)
def test_the_pool_of_an_asset_is_the_scope_whose_limit_it_uses(mode: Any, group: str, pool: str) -> None:
    described = project(export_mode=mode, organisation="acme", syncs=[sync()])
    assert defined(described).get_assets_def(["north", group]).op.pool == pool
    assert pool in pool_limits([described])


def test_an_organisation_has_as_many_slots_as_it_has_export_jobs() -> None:
    described = [
        project(export_mode="jobs", organisation="acme"),
        project("south", export_mode="jobs", organisation="acme", tap={"api_key": KEY, "export_jobs_at_once": 2}),
        project("west"),
    ]
    assert pool_limits(described) == {
        "iterable_project_north": 1,
        "iterable_project_south": 1,
        "iterable_project_west": 1,
        "iterable_organisation_acme": 2,
    }


def test_days_are_read_when_they_are_over_and_syncs_when_their_cron_says() -> None:
    repository = defined(project(timezone="Europe/Zurich", syncs=[sync()]), hour=7).get_repository_def()
    crons = {one.name: (one.cron_schedule, one.execution_timezone) for one in repository.schedule_defs}
    assert crons == {
        "north_days_schedule": ("0 7 * * *", "Europe/Zurich"),
        "north_state_schedule": ("0 7 * * *", "Europe/Zurich"),
        "north_customers_schedule": ("0 5 * * *", "Europe/Zurich"),
    }
    assert all(one.default_status is dg.DefaultScheduleStatus.STOPPED for one in repository.schedule_defs)


def test_a_sync_is_stale_when_its_last_good_run_is_too_old() -> None:
    [spec] = defined(project(syncs=[sync(fresh_within_hours=3)])).get_assets_def(["north", "customers"]).specs
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(timedelta(hours=3))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tap": {"api_key": "0123456789abcdef"}}, "`api_key` of the tap must be a dg.EnvVar"),
        ({"tap": {"api_key": KEY, "start_date": "2026-01-01"}}, "`start_date` from the partitions"),
        ({"name": "north-1"}, "letters, digits and underscores only: 'north-1'"),
        ({"syncs": [sync(target={"api_key": KEY})]}, "needs a `ledger` that every worker has"),
        ({"syncs": [sync(target={"api_key": KEY, "ledger": "ledger.db"})]}, "needs a `ledger` that every worker has"),
        ({"syncs": [sync(target={"api_key": "0123456789abcdef", "ledger": LEDGER})]}, "of the target of customers"),
        ({"syncs": [sync(), sync()]}, "there twice: customers"),
    ],
)
def test_a_mistake_in_a_project_is_told_before_anything_runs(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongProjectError) as raised:
        project(**changes)
    assert said in str(raised.value)
    assert "0123456789abcdef" not in str(raised.value)


def test_two_projects_of_one_name_are_refused() -> None:
    with pytest.raises(WrongProjectError, match="same name: north"):
        defined(project(), project())


def test_definitions_load_without_a_warning_and_hold_no_value_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NORTH_API_KEY", "a-key-that-nobody-sees")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = defined(project(syncs=[sync()]))
        dg.Definitions.validate_loadable(wanted)
    told = [(spec.description, spec.metadata, spec.tags) for spec in wanted.resolve_all_asset_specs()]
    assert "a-key-that-nobody-sees" not in repr(told)
