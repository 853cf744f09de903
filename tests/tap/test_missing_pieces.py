"""A list that Iterable does not send costs its own rows and the good end of the run, and nothing else."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tap_iterable.stream_types.partitioned_stream import MissingPartitionsError
from tap_iterable.streams.list_users import ListUsersStream
from tests.scripted_server import Answer, ScriptedServer, answer_json, cut_short
from tests.tap.answering import KEY, Query, answer, stream_of
from tests.tap.reading import Output, TapRun

GENERIC = answer_json(500, {"msg": "An error occurred. Please try again later.", "code": "GenericError"})
UNKNOWN = 999_999_999


def _lists(server: ScriptedServer, members: dict[int, Answer | str]) -> None:
    def users(query: Query) -> Answer:
        found = members[int(query["listId"][0])]
        return found if isinstance(found, Answer) else Answer(body=found.encode())

    answer(server, {"/api/lists": {"lists": [{"id": n} for n in members]}, "/api/lists/getUsers": users})


def _asked(server: ScriptedServer) -> list[int]:
    return [int(request.target.partition("listId=")[2]) for request in server.requests if "listId" in request.target]


@pytest.mark.parametrize("failure", [GENERIC, Answer(503), Answer(body=b"ann@exam", fault=cut_short), Answer(400)])
def test_a_list_that_fails_is_left_out_and_reported_in_the_end(server: ScriptedServer, failure: Answer) -> None:
    _lists(server, {3: "cid@example.com\n", 1: "ann@example.com\n\nben@example.com", 2: failure})
    with stream_of(ListUsersStream, server.url) as stream:
        rows = [(row["listId"], row["member"]) for row in stream.get_records(None)]
        assert rows == [(1, "ann@example.com"), (1, "ben@example.com"), (3, "cid@example.com")]
        with pytest.raises(MissingPartitionsError, match=r"list_users is not complete.* read: 2\. .*excluded_list_ids"):
            stream.log_sync_costs()


def test_a_list_that_breaks_off_once_is_read_again_and_nothing_of_it_comes_twice(server: ScriptedServer) -> None:
    broken = [Answer(body=b"ann@example.com\nbe", fault=cut_short)]
    whole = Answer(body=b"ann@example.com\nben@example.com\n")
    users = {"/api/lists/getUsers": lambda _: broken.pop() if broken else whole}
    answer(server, {"/api/lists": {"lists": [{"id": 1}]}, **users})
    with stream_of(ListUsersStream, server.url) as stream:
        assert [row["member"] for row in stream.get_records(None)] == ["ann@example.com", "ben@example.com"]
        stream.log_sync_costs()


def test_lists_are_chosen_by_the_settings(server: ScriptedServer) -> None:
    _lists(server, {1: "", 2: "", 3: "", 4: ""})
    with stream_of(ListUsersStream, server.url, excluded_list_ids=[2]) as stream:
        list(stream.get_records(None))
    assert _asked(server) == [1, 3, 4]
    server.requests.clear()
    with stream_of(ListUsersStream, server.url, list_ids=[4, 2, 4], excluded_list_ids=[2]) as stream:
        list(stream.get_records(None))
    assert _asked(server) == [4]


def test_an_interrupted_run_goes_on_after_its_last_list_and_asks_again_for_those_that_failed(
    server: ScriptedServer,
) -> None:
    members: dict[int, Answer | str] = {1: "a@example.com", 2: Answer(400), 3: "c@example.com", 4: "d@example.com"}
    _lists(server, members)
    with stream_of(ListUsersStream, server.url) as stream:
        rows = iter(stream.get_records(None))
        while next(rows)["listId"] != 4:
            pass
        interrupted = dict(stream.stream_state)
    mark = interrupted["resume"]
    assert (mark["done"], mark["last_list_id"], mark["missing_list_ids"]) == (False, 3, [2])
    server.requests.clear()
    _lists(server, members | {2: "b@example.com"})
    with stream_of(ListUsersStream, server.url) as stream:
        stream.stream_state.update(interrupted)
        assert [row["listId"] for row in stream.get_records(None)] == [2, 4]
        finished: dict[str, Any] = {"done": True, "last_list_id": None, "missing_list_ids": []}
        assert stream.stream_state == {"resume": {**mark, **finished}}
        stream.log_sync_costs()
    assert _asked(server) == [2, 4]


def test_the_state_does_not_grow_with_the_number_of_lists(server: ScriptedServer) -> None:
    _lists(server, dict.fromkeys(range(1, 200), "a@example.com"))
    with stream_of(ListUsersStream, server.url) as stream:
        sizes = {len(str(stream.stream_state)) for _ in stream.get_records(None)}
    assert max(sizes) < 180
    assert max(sizes) - min(sizes) < 5


@pytest.fixture
def lacking(seeded: Sandbox, read: TapRun) -> Output:
    """A run that is told to read a list which is not there."""
    lists = [row.id for row in seeded.store.lists.all()]
    return read("list_users", "lists", "message_types", list_ids=[*lists[:2], UNKNOWN])


def test_all_other_streams_are_read_and_then_the_run_fails(lacking: Output) -> None:
    assert lacking.code != 0
    assert str(UNKNOWN) in lacking.log.splitlines()[-1]
    assert '"metric":"missing_piece_count","value":1' in lacking.log.replace(" ", "")
    assert len({row["listId"] for row in lacking.records["list_users"]}) == 2
    assert lacking.records["lists"]
    assert lacking.records["message_types"]


def test_a_state_is_written_after_each_list_and_none_is_left_over(lacking: Output) -> None:
    states: list[dict[str, Any]] = [state["bookmarks"].get("list_users", {}) for state in lacking.states]
    marks = [state["resume"] for state in states if "resume" in state]
    lasts = [mark["last_list_id"] for mark in marks if not mark["done"]]
    assert lasts == sorted(lasts)
    assert len(set(lasts)) == 4
    assert len({mark["run"] for mark in marks}) == 1
    assert (marks[-1]["done"], marks[-1]["last_list_id"]) == (True, None)


def test_batch_files_hold_every_member_before_the_state_that_follows_them(
    server: ScriptedServer, tmp_path: Path
) -> None:
    _lists(server, {number: f"a{number}@example.com\nb{number}@example.com" for number in range(1, 8)})
    (tmp_path / "batches").mkdir()
    encoding = {"format": "jsonl", "compression": "gzip"}
    storage = {"root": f"file://{tmp_path}/batches"}
    output = TapRun(server.url, KEY, tmp_path)(
        "list_users", batch_config={"encoding": encoding, "storage": storage, "batch_size": 3}
    )
    assert output.code == 0, output.log
    seen: list[int] = []
    lasts = set()
    for message in output.messages:
        if message["type"] == "BATCH":
            for path in message["manifest"]:
                lines = gzip.decompress(Path(path.removeprefix("file://")).read_bytes()).splitlines()
                seen += [json.loads(line)["listId"] for line in lines]
        mark = message["value"]["bookmarks"].get("list_users", {}).get("resume") if message["type"] == "STATE" else None
        if mark and not mark["done"]:
            last = mark["last_list_id"]
            lasts.add(last)
            assert [number for number in seen if number <= last] == sorted([*range(1, last + 1)] * 2)
    assert len(seen) == 14
    assert len(lasts) > 2


def test_a_run_that_is_to_read_other_lists_does_not_go_on_with_an_interrupted_one(server: ScriptedServer) -> None:
    _lists(server, dict.fromkeys(range(1, 5), "a@example.com"))
    with stream_of(ListUsersStream, server.url, list_ids=[3, 4]) as stream:
        rows = iter(stream.get_records(None))
        while next(rows)["listId"] != 4:
            pass
        interrupted = dict(stream.stream_state)
    for settings, expected in (
        ({"list_ids": [3, 4]}, [4]),
        ({}, [1, 2, 3, 4]),
        ({"excluded_list_ids": [2]}, [1, 3, 4]),
        ({"list_ids": [3, 4], "project_type": "hybrid"}, [3, 4]),
    ):
        server.requests.clear()
        with stream_of(ListUsersStream, server.url, **settings) as stream:
            stream.stream_state.update(interrupted)
            list(stream.get_records(None))
        assert sorted({int(str(number).partition("&")[0]) for number in _asked_lists(server)}) == expected


def _asked_lists(server: ScriptedServer) -> list[str]:
    return [request.target.partition("listId=")[2] for request in server.requests if "listId" in request.target]


def test_the_mark_of_an_earlier_version_is_told_and_all_lists_are_read(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    _lists(server, dict.fromkeys(range(1, 4), "a@example.com"))
    with stream_of(ListUsersStream, server.url) as stream:
        stream.stream_state.update({"last_list_id": 2, "missing_list_ids": []})
        list(stream.get_records(None))
        assert "does not tell whether its run has come to an end: all lists are read" in caplog.text
        caplog.clear()
        list(stream.get_records(None))
        assert "earlier version" not in caplog.text
    assert _asked(server) == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("mark", [None, 5, {}, {"done": False}, {"done": False, "run": 1, "last_list_id": "2"}])
def test_a_mark_that_was_spoilt_is_none(server: ScriptedServer, mark: object) -> None:
    _lists(server, {1: "a@example.com", 2: "a@example.com"})
    with stream_of(ListUsersStream, server.url) as stream:
        stream.stream_state["resume"] = mark
        list(stream.get_records(None))
    assert _asked(server) == [1, 2]
