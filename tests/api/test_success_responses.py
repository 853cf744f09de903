"""A 2xx answer is a success only if its body has the form that the endpoint's success has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import UnknownOutcomeError, UnreadableAnswerError
from iterable_api.facts.endpoints import ENDPOINTS, success_of
from iterable_api.facts.success_responses import COUNTS, ENVELOPE, QUEUED
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.waiting.retry_policy import UNREADABLE_ANSWER
from tests.scripted_server import Answer, ScriptedServer, answer_json

PURCHASE = ("POST", "/api/commerce/trackPurchase")
MERGE = ("POST", "/api/users/merge")
USER = ("GET", "/api/users/getByEmail")
ANN = "ann@example.com"

NEVER = {
    "HTML": b"<html><body>Down for maintenance</body></html>",
    "nothing": b"",
    "blank": b" \r\n",
    "an error": b'{"code":"GenericError","msg":"An error occurred."}',
    "an error with all else": b'{"code":"GenericError","successCount":1,"failCount":0,"listId":1,"snippetId":1,'
    b'"fields":{},"lists":[],"channels":[],"messageTypes":[],"hashedEmails":[],"hashedUserIds":[],"user":{},'
    b'"params":{"catalogNames":[],"definedMappings":{}}}',
    "an array": b"[]",
    "null": b"null",
    "a number": b"1",
    "a word": b"Success",
    "a text": b'"Success"',
    "a list of it": b'[{"code":"Success"}]',
    "a half": b'{"code":"Success","successCount":1',
    "no text": b"\xff\xfe",
    "much too deep": b"[" * 100_000,
    "null as code": b'{"code":null}',
    "another member": b'{"status":"ok"}',
}
"""What no endpoint answers that has done what it was asked."""


SUCCESSES = {endpoint: facts.success for endpoint, facts in ENDPOINTS.items() if facts.success is not None}


def identifier(endpoint: tuple[str, str]) -> str:
    return " ".join(endpoint)


@pytest.mark.parametrize("body", NEVER.values(), ids=NEVER)
@pytest.mark.parametrize("endpoint", SUCCESSES, ids=identifier)
def test_a_body_of_another_form_is_no_success(endpoint: tuple[str, str], body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        success_of(*endpoint).read(body)


@pytest.mark.parametrize("endpoint", [one for one, form in SUCCESSES.items() if form.sample], ids=identifier)
def test_an_empty_object_is_a_success_only_where_it_says_that_there_is_no_user(endpoint: tuple[str, str]) -> None:
    assert success_of(*USER).read(b"{}") == {}
    with pytest.raises(UnreadableAnswerError):
        success_of(*endpoint).read(b"{}")


@pytest.mark.parametrize("endpoint", SUCCESSES, ids=identifier)
def test_each_sample_is_a_success_also_with_members_that_nobody_has_heard_of(endpoint: tuple[str, str]) -> None:
    success = success_of(*endpoint)
    assert success.read(json.dumps(success.sample).encode()) == success.sample
    if success.sample:
        more = {**success.sample, "newMember": [1]}
        assert success.read(json.dumps(more).encode()) == more


RECORDED: list[tuple[tuple[str, str], Any]] = [
    (PURCHASE, {"msg": "", "code": "Success", "params": None}),
    (PURCHASE, {"code": "Success"}),
    (("POST", "/api/users/bulkUpdate"), {"successCount": 1, "failCount": 1, "invalidEmails": ["bad@"]}),
    (("POST", "/api/catalogs/{catalogName}"), {"msg": "", "code": "Success", "params": {"id": 1, "name": "a"}}),
    (("PUT", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}"), {"msg": "", "code": "Accepted"}),
    (("POST", "/api/lists"), {"listId": 5064151}),
    (("GET", "/api/catalogs"), {"code": "Success", "params": {"catalogNames": [{"name": "a"}]}}),
    (("GET", "/api/catalogs"), {"catalogNames": [{"name": "a"}], "totalCatalogsCount": 1}),
    (("GET", "/api/catalogs/{catalogName}/fieldMappings"), {"definedMappings": {"a": "long"}, "undefinedFields": []}),
    (USER, {"user": {"email": ANN, "dataFields": {}}}),
    (USER, {"user": {}}),
    (USER, {"user": None}),
]


@pytest.mark.parametrize(("endpoint", "answer"), RECORDED)
def test_what_iterable_was_seen_to_answer_is_a_success(endpoint: tuple[str, str], answer: Any) -> None:
    assert success_of(*endpoint).read(json.dumps(answer).encode()) == answer


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        (("POST", "/api/users/bulkUpdate"), {"successCount": 1}),
        (("POST", "/api/users/bulkUpdate"), {"successCount": "1", "failCount": 0}),
        (("POST", "/api/users/bulkUpdate"), {"successCount": True, "failCount": False}),
        (("POST", "/api/users/bulkUpdate"), {"successCount": 2, "failCount": -1}),
        (("POST", "/api/lists"), {"listId": None}),
        (("POST", "/api/lists"), {"listId": True}),
        (("PUT", "/api/snippets/{identifier}"), {"snippetId": "7"}),
        (PURCHASE, {"code": "Accepted"}),
        (PURCHASE, {"code": ["Success"]}),
        (PURCHASE, {"code": "success"}),
        (("GET", "/api/users/getFields"), {"fields": ["age"]}),
        (("GET", "/api/lists"), {"lists": {"1": "News"}}),
        (("GET", "/api/lists"), {"lists": [{"id": 1}]}),
        (("GET", "/api/channels"), {"channels": [{"name": "Marketing"}]}),
        (("GET", "/api/catalogs"), {"params": None}),
        (USER, {"user": []}),
        (USER, {"user": ""}),
        (USER, {"code": "Success", "msg": "", "params": None}),
    ],
)
def test_what_is_near_to_a_success_is_none(endpoint: tuple[str, str], answer: Any) -> None:
    with pytest.raises(UnreadableAnswerError):
        success_of(*endpoint).read(json.dumps(answer).encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["code", "msg", "successCount"]) | st.text(), inner)
    ),
)


@given(json_values | st.dictionaries(st.sampled_from(["code", "successCount", "failCount"]), json_values))
def test_no_json_breaks_the_reading_and_only_success_passes(answer: Any) -> None:
    for success in (ENVELOPE, QUEUED, COUNTS):
        try:
            read = success.read(json.dumps(answer).encode())
        except UnreadableAnswerError:
            continue
        assert read["code"] in success.codes if success is not COUNTS else read["successCount"] >= 0


def test_a_harmless_request_is_sent_again_until_its_answer_is_a_success(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.script = [Answer(200, b"<html>"), Answer(204, b""), answer_json(200, {"code": "Success"})]
    assert confirmed(client, *PURCHASE, json={}) == {"code": "Success"}


def test_a_harmless_request_without_success_fails_after_some_tries_and_says_what_came(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.after = lambda _: answer_json(200, {"code": "GenericError", "msg": f"sorry, {ANN}"})
    expected = (
        "POST /api/commerce/trackPurchase answered 200 with the code 'GenericError' instead of "
        "a JSON object whose `code` is Success"
    )
    with pytest.raises(UnreadableAnswerError) as caught:
        confirmed(client, *PURCHASE, json={})
    assert str(caught.value) == expected
    assert len(server.requests) == UNREADABLE_ANSWER.attempts


@pytest.mark.parametrize(("endpoint", "repeatable"), [(MERGE, True), (PURCHASE, False)])
def test_a_request_that_must_not_be_repeated_is_sent_once_and_its_outcome_is_unknown(
    client: IterableClient, server: ScriptedServer, endpoint: tuple[str, str], *, repeatable: bool
) -> None:
    server.after = lambda _: Answer(200, b"")
    with pytest.raises(UnknownOutcomeError, match=r"answered 200 with nothing.*may or may not have taken effect"):
        confirmed(client, *endpoint, json={}, repeatable=repeatable)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_is_one_under_each_status_that_iterable_uses(
    client: IterableClient, server: ScriptedServer, status: int
) -> None:
    server.after = lambda _: answer_json(status, {"msg": "", "code": "Success", "params": None})
    assert confirmed(client, *PURCHASE, json={})["code"] == "Success"


def test_nothing_of_the_body_but_a_redacted_code_reaches_the_text() -> None:
    for body in (ANN, json.dumps({"code": ANN}), json.dumps({"code": "Success", "to": ANN}), json.dumps([ANN])):
        with pytest.raises(UnreadableAnswerError) as caught:
            COUNTS.read(body.encode())
        assert ANN not in str(caught.value)
