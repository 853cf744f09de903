"""Environment variables of a plugin: what they name, what they say, and which have no effect."""

from __future__ import annotations

import os
from typing import Any

import pytest

from iterable_api.plugin import environment
from iterable_api.plugin.environment import UnknownVariable

SETTINGS: dict[str, dict[str, Any]] = {
    "api_key": {"type": "string"},
    "dry_run": {"type": "boolean"},
    "dry_run_path": {"type": "string"},
    "region": {"type": ["string", "null"]},
    "streams": {"type": "object"},
}


@pytest.fixture(autouse=True)
def _no_variables_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MELTANO_LOADER_NAME", "MELTANO_EXTRACTOR_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "On", " true "])
def test_what_meltano_and_the_sdk_take_for_true_is_true(text: str) -> None:
    assert environment.parse_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "OFF", ""])
def test_the_opposites_are_false(text: str) -> None:
    assert environment.parse_boolean(text) is False


@pytest.mark.parametrize("text", ["maybe", "y", "t", "ja", "2", "null", "truee"])
def test_any_other_text_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        environment.parse_boolean(text)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("TARGET_ITERABLE_DRYRUN", "TARGET_ITERABLE_DRY_RUN"),
        ("TARGET_ITERABLE_DRY__RUN", "TARGET_ITERABLE_DRY_RUN"),
        ("TARGET_ITERABLE__DRY_RUN", "TARGET_ITERABLE_DRY_RUN"),
        ("Target_Iterable_Dry_Run", "TARGET_ITERABLE_DRY_RUN"),
        ("TARGET_ITERABLE_APIKEY", "TARGET_ITERABLE_API_KEY"),
        ("TARGET_ITERABLE_DRYRUN_PATH", "TARGET_ITERABLE_DRY_RUN_PATH"),
        ("TARGET_ITERABLE_COLOUR", None),
    ],
)
def test_a_misspelt_variable_is_found_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str | None
) -> None:
    monkeypatch.setenv(name, "x")
    assert list(environment.unknown_variables("target-iterable", SETTINGS)) == [UnknownVariable(name, nearest)]


@pytest.mark.parametrize(
    "name",
    [
        "TARGET_ITERABLE_REGION",
        "TARGET_ITERABLE_LOGLEVEL",
        "TARGET_ITERABLE__DIALECT",
        "TARGET_ITERABLE__USERS_DRY_RUN",
        "TARGET_ITERABLE_STREAMS_PEOPLE_OBJECT",
        "TARGET_ITERABLE_EU_API_KEY",
        "TAP_ITERABLE_REGOIN",
        "MY_TARGET_ITERABLE_REGOIN",
    ],
)
def test_settings_what_meltano_exports_and_what_is_of_others_is_not_misspelt(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")
    assert list(environment.unknown_variables("target-iterable", SETTINGS)) == []


def test_what_meltano_exports_under_its_own_name_of_the_plugin_is_not_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELTANO_LOADER_NAME", "target-iterable-eu")
    monkeypatch.setenv("TARGET_ITERABLE_EU__LOG_PARSER", "singer-sdk")
    assert list(environment.unknown_variables("target-iterable", SETTINGS)) == []
    assert environment.variable_names("target-iterable", "dry_run") == [
        "TARGET_ITERABLE_DRY_RUN",
        "TARGET_ITERABLE_EU_DRY_RUN",
    ]
    assert environment.variable_names("tap-iterable", "region") == ["TAP_ITERABLE_REGION"]


def test_variables_whose_settings_no_file_has_are_told_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGION", "API_KEY", "STREAMS"):
        monkeypatch.setenv(f"TARGET_ITERABLE_{name}", "hush")
    (said,) = environment.unused_variables("target-iterable", SETTINGS, {"streams": {}})
    assert "TARGET_ITERABLE_API_KEY, TARGET_ITERABLE_REGION." in said
    assert "STREAMS" not in said
    assert "hush" not in said


def test_variables_that_are_empty_ask_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_ITERABLE_REGION", "")
    assert list(environment.unused_variables("target-iterable", SETTINGS, {})) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "x"])
def test_what_is_no_object_is_left_to_whoever_parses_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TARGET_ITERABLE_STREAMS", text)
    environment.nest_objects("target-iterable", SETTINGS)
    assert os.environ["TARGET_ITERABLE_STREAMS"] == text
