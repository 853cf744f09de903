"""The messages to chosen users are read whole, however many there are."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iterable_sandbox.server import Sandbox
from tap_iterable.stream_types.partitioned_stream import MissingPartitionsError
from tap_iterable.streams import sent_messages
from tap_iterable.streams.sent_messages import PATH, SentMessagesStream
from tests.scripted_server import Answer, ScriptedServer, answer_json
from tests.tap.answering import Query, answer, stream_of
from tests.tap.reading import TapRun

USER = "ann@example.com"
LATEST = datetime(2026, 10, 1)  # noqa: DTZ001 (the answer has no zone)


def messages(*times: int) -> list[dict[str, Any]]:
    """Messages so many seconds before the latest one, the newest first."""
    return [
        {"messageId": f"m{number}", "campaignId": 1, "templateId": 2, "createdAt": f"{LATEST - timedelta(seconds=ago)}"}
        for number, ago in enumerate(times)
    ]


def answering(rows: list[dict[str, Any]], asked: list[Query]) -> Any:
    def found(query: Query) -> Answer:
        asked.append(query)
        end = query.get("endDateTime", ["9999"])[0]
        wanted = [row for row in rows if row["createdAt"] < end.removesuffix(" +00:00")]
        return answer_json(200, {"messages": wanted[: int(query["limit"][0])]})

    return found


def read(server: ScriptedServer, rows: list[dict[str, Any]], **settings: Any) -> tuple[list[str], list[Query]]:
    asked: list[Query] = []
    answer(server, {PATH: answering(rows, asked)})
    with stream_of(SentMessagesStream, server.url, user_events_users=[USER], **settings) as stream:
        return [row["messageId"] for row in stream.get_records(None)], asked


@pytest.mark.parametrize("times", [[0], [0, 1, 2], [0, 0, 1, 1, 2, 2, 3], [0, 0, 0, 1, 1], [0, 1, 1, 2, 2, 3, 3, 4]])
def test_messages_beyond_one_answer_are_read_by_their_times(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, times: list[int]
) -> None:
    monkeypatch.setattr(sent_messages, "MOST", 4)
    rows = messages(*times)
    found, asked = read(server, rows)
    assert found == [row["messageId"] for row in rows]
    assert {query["limit"][0] for query in asked} == {"4"}


def test_a_thousand_messages_are_asked_for_at_once(server: ScriptedServer) -> None:
    found, asked = read(server, messages(*range(2500)))
    assert len(set(found)) == len(found) == 2500
    assert [query["limit"] for query in asked] == [["1000"]] * 3


def test_more_messages_of_one_second_than_an_answer_holds_are_missing_and_said_to_be(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent_messages, "MOST", 4)
    answer(server, {PATH: answering(messages(0, 0, 0, 0, 0), [])})
    with stream_of(SentMessagesStream, server.url, user_events_users=[USER]) as stream:
        assert list(stream.get_records(None)) == []
        with pytest.raises(MissingPartitionsError, match="User that could not be read: 1"):
            stream.log_sync_costs()


@pytest.mark.parametrize("details", [False, True])
def test_messages_of_a_project_are_read_with_all_that_iterable_tells(
    seeded_database: Path, tmp_path: Path, *, details: bool
) -> None:
    with Sandbox(database=str(seeded_database), sent_message_details=details) as sandbox:
        emails = [user.email for user in map(sandbox.store.users.by_row, range(1, 6)) if user and user.email]
        read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
        output = read("sent_messages", "campaigns", "email_send", user_events_users=emails)
    assert output.code == 0, output.log
    names = {row["id"]: row["name"] for row in output.records["campaigns"]}
    rows = {row["messageId"]: row for row in output.records["sent_messages"]}
    assert len(rows) == len(output.records["sent_messages"])
    sent = {row["messageId"]: row for row in output.records["email_send"] if row["email"] in emails}
    assert sent
    assert sent.keys() <= rows.keys()
    for key, row in sent.items():
        for name in ("email", "campaignId", "templateId", "createdAt"):
            assert rows[key][name] == row[name]
        assert rows[key].get("campaignName") == (names[row["campaignId"]] if details else None)
    assert not any(email in output.log for email in emails)


def test_nobody_chosen_is_said_and_no_failure(seeded: Sandbox, tmp_path: Path) -> None:
    output = TapRun(seeded.url, seeded.api_key, tmp_path)("sent_messages")
    assert (output.code, output.records["sent_messages"]) == (0, [])
    assert "`user_events_users` is empty" in output.log
