"""Dead-letter files: rejected records are kept as a Singer stream, and too many of them stop the run."""

from __future__ import annotations

import json
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iterable_api.plugin.threshold import Threshold
from target_iterable.command_line import RecordsRejectedError
from target_iterable.delivery.errors import TooManyRejectsError
from tests.target.conftest import Project
from tests.target.loading import STATE, stream
from tests.target.test_command_line import COMMAND, settings

ANN = "ann@example.com"
AGED = {"age": {"type": ["integer", "string", "null"]}}


def messages(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def only_file(project: Project) -> Path:
    (file,) = project.load.rejects_directory.glob("*.singer")
    return file


def test_a_reject_is_the_input_with_the_reason_beside_it(project: Project) -> None:
    project.load(stream("users", [{"email": ANN, "age": 5}]))
    bad = {"email": "bob@example.com", "age": "old", "weight": 71.50, "_sdc_sequence": 7, "nothing": None}
    given = stream("users", [bad, {"email": "nobody", "age": None}, {"email": "cat@example.com", "age": 6}])
    project.load(given)
    schema, local, refused = messages(only_file(project))
    assert schema == json.loads(json.dumps(given[0]))
    assert [local["record"], refused["record"]] == [given[2]["record"], bad]
    reject = refused["reject"]
    assert (reject["code"], reject["field"]) == ("RequestFieldsTypesMismatched", "age")
    assert reject["endpoint"] == "/api/users/bulkUpdate"
    assert (local["reject"]["code"], local["reject"]["endpoint"]) == ("invalidEmails", None)
    assert all(
        {"code", "reason", "field", "endpoint", "at"} == message["reject"].keys() for message in (local, refused)
    )


def test_only_the_owner_can_read_rejects_and_no_run_overwrites_them(project: Project) -> None:
    for _ in range(3):
        project.load(stream("public/users", [{"email": "nobody"}]), streams={"public*": {"object": "users"}})
    files = list(project.load.rejects_directory.glob("*.singer"))
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(len(messages(file)) == 2 for file in files)


def test_a_run_without_rejects_leaves_no_file(project: Project) -> None:
    project.load(stream("users", [{"email": ANN}]))
    assert not project.load.rejects_directory.exists()


def test_rejects_can_be_fed_back_when_the_cause_is_gone(tmp_path: Path, project: Project) -> None:
    route = {"people": {"object": "list_members", "mode": "remove", "list": "VIP", "fields": {"Mail": "email"}}}
    people = stream("people", [{"Mail": f"{n}@example.com"} for n in range(3)], key=["Mail"])
    for _ in range(2):
        project.holds.make_list("VIP")
    summary = project.load(people, streams=route)
    assert summary["people"]["reasons"] == {"ambiguousList": 3}
    second = {"listId": project.holds.lists()["VIP"]}
    project.holds.client.request("DELETE", "/api/lists/{listId}", path_params=second)
    config = settings(
        tmp_path,
        api_key=project.sandbox.api_key,
        api_url=project.sandbox.url,
        enforce_rate_limits=False,
        streams=route,
        summary_path=str(tmp_path / "summary.json"),
        rejects_path=str(tmp_path / "again"),
    )
    subprocess.run([COMMAND, "--config", config, "--input", str(only_file(project))], check=True)
    assert project.load.streams["people"]["written"] == 3


def test_a_stream_map_is_not_applied_twice_to_a_reject(project: Project) -> None:
    maps = {"source": {"__alias__": "users", "email": "mail + '.com'", "__else__": None}}
    given = stream("source", [{"mail": "nobody"}])
    project.load(given, stream_maps=maps)
    schema, reject = messages(only_file(project))
    assert (schema["stream"], reject["stream"], reject["record"]) == ("source", "source", {"mail": "nobody"})


@pytest.mark.parametrize(
    ("record", "code"), [({"email": ANN, "age": []}, "invalidRecord"), ({"email": ANN, "age": 1}, "missingKey")]
)
def test_what_the_sdk_would_die_on_is_a_reject(project: Project, record: dict[str, Any], code: str) -> None:
    good = {"email": "bob@example.com", "age": 3, "id": 1}
    users = project.load(stream("users", [record, good], key=["id"], **AGED))["users"]
    assert (users["written"], users["reasons"]) == (1, {code: 1})
    assert messages(only_file(project))[1]["record"] == record
    assert project.load.states == [STATE]


def test_text_that_iterable_cannot_take_is_kept_too(project: Project) -> None:
    lines = [json.dumps(message) for message in stream("users", [{"email": ANN, "x": "\ud800"}])]
    project.load([*lines, lines[1].replace('"\\ud800"', "NaN")])
    _, half, nan = only_file(project).read_text().splitlines()
    assert '"x": "\\ud800"' in half
    assert '"x": NaN' in nan


@pytest.mark.parametrize(
    ("text", "rejected", "read", "exceeded"),
    [
        ("10%", 20, 20, False),
        ("10%", 21, 21, True),
        ("10%", 100, 1000, False),
        ("10%", 101, 1000, True),
        ("0%", 1, 1000, True),
        ("0", 1, 1000, True),
        ("0", 0, 0, False),
        ("200", 200, 200, False),
        ("200", 201, 99999, True),
    ],
)
def test_a_share_is_judged_when_it_says_something_and_a_count_at_once(
    text: str,
    rejected: int,
    read: int,
    exceeded: bool,  # noqa: FBT001 (an expectation)
) -> None:
    assert Threshold.parse(text).is_exceeded(rejected, read) is exceeded


@pytest.mark.parametrize("value", ["ten", "10 %", "101%", "-1", ""])
def test_a_nonsensical_allowance_is_refused_by_name(project: Project, value: str) -> None:
    with pytest.raises(Exception, match="`max_rejects` must be a count"):
        project.load([], max_rejects=value)


def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path, project: Project) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="`rejects_path` cannot be written"):
        project.load([], rejects_path=str(tmp_path / "file" / "rejects"))


def test_too_many_rejects_stop_the_run_with_the_commonest_reason_and_without_state(project: Project) -> None:
    rows = [{"email": "nobody"} for _ in range(30)] + [{}, {}] + [{"email": f"{n}@example.com"} for n in range(68)]
    match = r"32 of 100 records are rejected.*\(10%\).*invalidEmails \(30\)"
    with pytest.raises(TooManyRejectsError, match=match):
        project.load(stream("users", rows))
    assert project.load.states == []
    assert len(messages(only_file(project))) == 33


def test_the_exit_can_tell_of_rejects(project: Project) -> None:
    with pytest.raises(RecordsRejectedError, match="1 records are rejected"):
        project.load(stream("users", [{"email": ANN}, {}]), on_reject="fail")
    assert project.load.states == [STATE]
    assert project.load.summary["finished"] is True


def test_a_full_disk_fails_the_run_loudly_and_state_does_not_move(tmp_path: Path, project: Project) -> None:
    config = settings(
        tmp_path, api_key=project.sandbox.api_key, api_url=project.sandbox.url, rejects_path=str(tmp_path / "rejects")
    )
    lines = [json.dumps(message) for message in stream("users", [{"email": "nobody", "x": "y" * 9000}])]
    ended = subprocess.run(
        [sys.executable, COMMAND, "--config", config],
        input="\n".join([*lines, json.dumps({"type": "STATE", "value": STATE})]),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "`rejects_path`): File too large. State has not moved" in ended.stderr
    assert [file.stat().st_size for file in (tmp_path / "rejects").glob("*.singer")] == [0]
