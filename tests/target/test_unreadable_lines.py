"""A line that cannot be read is a reject with its number. It ends no run, unless it may be no record."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.core.input_lines import decode_line
from tests.target.conftest import Project
from tests.target.loading import STATE, stream
from tests.target.test_command_line import COMMAND, settings

ANN = "ann@example.com"
BOB = "bob@example.com"
HEAD = b'{"type": "RECORD", "stream": "users", "record": '
UNREADABLE = [
    (b"Connecting to the database of ann@example.com ...", "is not JSON"),
    (HEAD + b'{"email": "ann@example.com" "age": 5}}', "is not JSON"),
    (HEAD + b'{"email": "ann@example.com\xff"}}', "is not UTF-8"),
    (HEAD + b'{"email": "ann@example.com', "is not JSON"),
    (HEAD + b'{"email": "ann@example.com", "a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}", "too many others"),
    (HEAD + b'"ann@example.com"}', "holds no object"),
    (b'{"type": "RECORD", "stream": "users", "recrod": {"email": "ann@example.com"}}', "has no record"),
    (b'{"type": "RECORD", "record": {"email": "ann@example.com"}}', "has no stream"),
    (b'{"type": "RECORD", "stream": ["ann@example.com"], "record": {}}', "is not a text"),
    (b'{"record": {"email": "ann@example.com"}}', "has no type"),
    (b'["ann@example.com"]', "not an object"),
    (b"5", "not an object"),
    (b'"ann@example.com"', "not an object"),
    (b"\x00\x01\x02", "is not JSON"),
]


def lines(*middle: bytes) -> bytes:
    """Two users with these lines between them, and a state behind all."""
    schema, *records = (
        json.dumps(message).encode() for message in stream("users", [{"email": BOB}, {"email": "c@d.ef"}])
    )
    state = json.dumps({"type": "STATE", "value": STATE}).encode()
    return b"\n".join([schema, records[0], *middle, records[1], state])


def run(project: Project, path: Path, content: bytes, **more: Any) -> subprocess.CompletedProcess[bytes]:
    config = settings(
        path,
        api_key=project.sandbox.api_key,
        api_url=project.sandbox.url,
        enforce_rate_limits=False,
        summary_path=str(path / "summary.json"),
        rejects_path=str(path / "rejects"),
        **more,
    )
    return subprocess.run([COMMAND, "--config", config], input=content, capture_output=True, check=False)


def test_lines_of_every_unreadable_kind_are_rejects_with_their_numbers(project: Project, tmp_path: Path) -> None:
    ended = run(project, tmp_path, lines(*(line for line, _ in UNREADABLE)))
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == STATE
    assert b"Traceback" not in ended.stderr
    assert b"ann@" not in ended.stderr
    assert ended.stderr.count(b"A record is rejected") == 1
    counts = project.load.streams["users"]
    assert (counts["read"], counts["written"]) == (len(UNREADABLE) + 2, 2)
    assert counts["reasons"] == {"unreadableLine": len(UNREADABLE)}
    found = project.load.refusals
    for number, (reject, (_, reason)) in enumerate(zip(found, UNREADABLE, strict=True), 3):
        assert reason in reject["reason"]
        assert reject["reason"].endswith(f"(line {number})")


def test_a_line_is_kept_as_it_came(project: Project, tmp_path: Path) -> None:
    run(project, tmp_path, lines(*(line for line, _ in UNREADABLE)))
    (file,) = project.load.rejects_directory.glob("*.singer")
    kept = [json.loads(line) for line in file.read_bytes().splitlines()[1:] if b"[[[" not in line]
    given = [line for line, _ in UNREADABLE if b"[[[" not in line]
    for message, line in zip(kept, given, strict=True):
        del message["reject"]
        if set(message) == {"type", "stream", "line"}:
            assert message["line"].encode(errors="surrogateescape") == line
        else:
            assert message == json.loads(line)


def test_a_kept_line_that_is_corrected_can_be_sent_again(project: Project, tmp_path: Path) -> None:
    run(project, tmp_path, lines(HEAD + b'{"email": "ann@example.com'))
    (file,) = project.load.rejects_directory.glob("*.singer")
    again = run(project, tmp_path, file.read_bytes())
    assert again.returncode == 0
    assert project.load.streams["users"]["reasons"] == {"unreadableLine": 1}
    (first, second) = sorted(project.load.rejects_directory.glob("*.singer"), key=lambda path: path.stat().st_mtime_ns)
    schema, message = map(json.loads, second.read_text().splitlines())
    assert message["line"] == json.loads(first.read_text().splitlines()[1])["line"]
    message["record"] = json.loads(message["line"] + '"}}')["record"]
    run(project, tmp_path, f"{json.dumps(schema)}\n{json.dumps(message)}".encode())
    assert project.holds.exists(ANN)


def test_what_is_odd_and_can_be_read_is_read(project: Project, tmp_path: Path) -> None:
    odd = [
        HEAD + b'{"email": "nobody", "email": "ann@example.com"}}',
        b"\xef\xbb\xbf" + HEAD + b'{"email": "bom@example.com"}}',
        HEAD + b'{"email": "deep@example.com", "a": ' + b"[" * 300 + b"]" * 300 + b"}}\r",
    ]
    ended = run(project, tmp_path, b"\xef\xbb\xbf" + lines(*odd))
    assert ended.returncode == 0, ended.stderr
    assert project.load.streams["users"]["written"] == 5
    assert all(project.holds.exists(f"{name}@example.com") for name in ("ann", "bom", "deep"))


@pytest.mark.parametrize(("value", "code"), [("9" * 5000, "invalidNumber"), ("NaN", "invalidNumber")])
def test_a_number_that_nobody_takes_costs_its_record(project: Project, tmp_path: Path, value: str, code: str) -> None:
    run(project, tmp_path, lines(HEAD + f'{{"email": "{ANN}", "a": {value}}}}}'.encode()))
    counts = project.load.streams["users"]
    assert (counts["written"], counts["reasons"]) == (2, {code: 1})


def test_lines_before_the_first_stream_are_rejects_of_it(project: Project, tmp_path: Path) -> None:
    held = b'{"type": "STATE", "value": {"a": 1.50}}'
    ended = run(project, tmp_path, b"Hello\n" + held + b"\nthere\n" + lines())
    assert (ended.returncode, json.loads(ended.stdout)) == (0, STATE)
    assert [reject["reason"][-8:] for reject in project.load.refusals] == ["(line 1)", "(line 3)"]


def test_an_input_that_is_unreadable_as_a_whole_ends_the_run_without_state(project: Project, tmp_path: Path) -> None:
    ended = run(project, tmp_path, b'Hello\n{"type": "STATE", "value": {"a": 1}}\n')
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"A line of the input is not JSON" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_too_many_of_them_end_the_run_as_other_rejects_do(project: Project, tmp_path: Path) -> None:
    ended = run(project, tmp_path, lines(b"x", b"y", b"z"), max_rejects="2")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"3 of 5 records are rejected, more than `max_rejects` (2) allows" in ended.stderr


def test_nobody_is_removed_from_a_mirror_of_which_a_line_cannot_be_read(project: Project) -> None:
    route = {"object": "list_members", "mode": "mirror", "list": "VIP", "complete_at_end": True, "max_removals": "100%"}
    members = stream("members", [{"email": ANN}, {"email": BOB}], key=["email"])
    project.load(members, streams={"members": route})
    summary = project.load([*members[:2], '{"type": "RECORD", "stream": "mem'], streams={"members": route})
    assert summary["members"]["removals"]["done"] == 0
    assert project.holds.members("VIP") == {ANN, BOB}


@pytest.mark.parametrize("kind", ["SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH"])
def test_a_line_that_may_be_something_else_ends_the_run(project: Project, tmp_path: Path, kind: str) -> None:
    ended = run(project, tmp_path, lines(f'{{"type":"{kind}", "stream": "users", "x": '.encode()))
    assert ended.returncode == 1
    assert b"is not JSON: Expecting value at column" in ended.stderr
    assert b"(line 3)" in ended.stderr
    assert (project.load.summary["finished"], ended.stdout) == (False, b"")


def test_a_line_is_decoded_or_refused_and_nothing_else() -> None:
    for line in (b"[" * 100_000, b'{"a":' * 50_000, b"-", b"\xed\xa0\x80", b'"\\ud800', b"1" * 10_000 + b"x"):
        with pytest.raises(InvalidInputLine):
            decode_line(line)
