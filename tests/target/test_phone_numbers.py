"""Phone numbers in the spelling that Iterable sends to."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import Project
from tests.target.loading import Message, stream
from tests.target.segment_calls import call

ANN = "ann@example.com"
E164 = "+41446681800"
STREAMS: dict[str, list[dict[str, Any]]] = {
    "users": [{"email": ANN, "phoneNumber": "044 668 18 00"}],
    "list_members": [{"email": ANN, "list": "VIP", "dataFields": {"phoneNumber": "044 668 18 00"}}],
    "list_memberships": [{"email": ANN, "lists": ["VIP"], "phoneNumber": "044 668 18 00"}],
    "purchases": [{"email": ANN, "items": [], "total": 1, "user": {"phoneNumber": "044 668 18 00"}}],
    "carts": [{"email": ANN, "items": [], "user": {"phoneNumber": "044 668 18 00"}}],
    "segment": [call("identify", traits={"email": ANN, "phone": "044 668 18 00"})],
}


def users(*numbers: Any) -> list[Message]:
    return stream("users", [{"email": f"{place}@example.com", "phoneNumber": it} for place, it in enumerate(numbers)])


def written(project: Project, count: int) -> list[Any]:
    return [project.holds.user(email=f"{place}@example.com").get("phoneNumber") for place in range(count)]


@pytest.mark.parametrize("object_", STREAMS)
def test_numbers_of_the_region_get_its_country_code(project: Project, object_: str) -> None:
    project.load(stream(object_, STREAMS[object_]), phone_region="CH")
    assert project.holds.user(email=ANN)["phoneNumber"] == E164


def test_no_number_is_changed_unless_a_region_is_set(project: Project) -> None:
    project.load(users("044 668 18 00"))
    assert written(project, 1) == ["044 668 18 00"]


def test_all_spellings_of_a_number_become_one_and_those_of_other_countries_keep_theirs(project: Project) -> None:
    numbers = ["044 668 18 00", "+41 (0)44 668 18 00", "0041446681800", E164, "+1 650-253-0000"]
    project.load(users(*numbers), phone_region="CH")
    assert written(project, 5) == [E164] * 4 + ["+16502530000"]


def test_what_is_no_phone_number_is_sent_as_it_is_with_one_warning(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    assert project.load(users("call me", "12", "", None), phone_region="CH")["users"]["written"] == 4
    assert written(project, 4) == ["call me", "12", "", None]
    warnings = [message for message in caplog.messages if "is no phone number" in message]
    assert len(warnings) == 1
    assert "call me" not in warnings[0]


@pytest.mark.parametrize("region", ["Switzerland", "ch", "XX"])
def test_a_region_that_does_not_exist_is_refused_at_the_start(project: Project, region: str) -> None:
    with pytest.raises(SettingError, match="phone_region"):
        project.load(users(E164), phone_region=region)


def test_a_missing_library_is_named_at_the_start(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(SettingError, match=r"singer-iterable\[phone\]"):
        project.load(users(E164), phone_region="CH")


def test_the_library_is_loaded_only_when_asked_for() -> None:
    code = "import sys, target_iterable.target; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
