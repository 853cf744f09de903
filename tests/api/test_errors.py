"""Every refusal becomes the right exception, whatever its body is, and the exception tells what there is to tell."""

import json

import pytest

from iterable_api.errors import (
    ApiError,
    BadJsonBodyError,
    BadRequestError,
    ConflictError,
    FieldClash,
    FieldTypeError,
    ForbiddenError,
    NotFoundError,
    ServerError,
    TooLargeError,
    UnauthorizedError,
    UnreadableAnswerError,
    UriTooLongError,
)
from iterable_api.http.client import IterableClient
from tests.api.conftest import Connect
from tests.scripted_server import Answer, ScriptedServer, answer_json

HTML = b"<!DOCTYPE html><html><head><title>Action not found</title></head><body>GET /api/users/ana@example.com</body>"
CLASH = {
    "msg": "Project 1: The request does not have the same data types as the data previously submitted.",
    "code": "RequestFieldsTypesMismatched",
    "params": {
        "validationErrors": {
            "signupDate": {
                "incomingTypes": ["string", "keyword"],
                "expectedType": "date",
                "_type": "UnexpectedType",
                "offendingValue": "GGG",
                "category": "user",
            },
            "age": {"expectedType": "long", "offendingValue": ["x", "y"], "category": "user"},
        }
    },
}


def refusal(client: IterableClient, server: ScriptedServer, answer: Answer) -> ApiError:
    server.after = lambda _: answer
    with pytest.raises(ApiError) as caught:
        client.post_json("/api/users/bulkUpdate", {"users": []})
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, TooLargeError),
        (414, UriTooLongError),
        (500, ServerError),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(HTML, id="HTML"),
        pytest.param(b"URI length exceeds the configured limit of 2048 characters", id="plain text"),
        pytest.param(b'{"msg":"Invalid', id="broken JSON"),
        pytest.param(b'["msg"]', id="an array"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"msg":{"email":"ana@example.com"},"code":["x"],"params":"x"}', id="odd types"),
        pytest.param(b'{"msg":"","code":"Success","params":null}', id="code Success"),
    ],
)
def test_the_status_decides_which_exception_it_is_whatever_the_body_says(
    connect: Connect, server: ScriptedServer, status: int, kind: type[ApiError], body: bytes
) -> None:
    error = refusal(connect(max_tries=1), server, Answer(status, body))
    assert type(error) is kind
    assert error.status == status
    assert str(error).startswith(f"POST /api/users/bulkUpdate answered {status}")
    assert "ana@" not in str(error)


def test_an_error_carries_status_code_message_method_and_template(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.script = [
        answer_json(400, {"msg": "error.lists.deleteFailed(5052803)", "code": "BadParams", "params": None})
    ]
    with pytest.raises(BadRequestError) as caught:
        client.request("DELETE", "/api/lists/{listId}", path_params={"listId": 5052803})
    error = caught.value
    assert (error.status, error.code, error.message) == (400, "BadParams", "error.lists.deleteFailed(5052803)")
    assert (error.method, error.path) == ("DELETE", "/api/lists/{listId}")
    assert str(error) == "DELETE /api/lists/{listId} answered 400 (BadParams: error.lists.deleteFailed(5052803))"


def test_an_error_under_code_success_still_tells_its_message(client: IterableClient, server: ScriptedServer) -> None:
    body = {"msg": "error.lists.invalidListId(99999999)", "code": "Success", "params": {"listId": 99999999}}
    error = refusal(client, server, answer_json(400, body))
    assert error.message == "error.lists.invalidListId(99999999)"
    unauthorized = refusal(client, server, answer_json(401, {"msg": "Invalid API key", "code": "Success"}))
    assert isinstance(unauthorized, UnauthorizedError)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"No user with that id exists!", "No user with that id exists!"),
        (b"No webhook with id 0\n", "No webhook with id 0"),
        (b"", ""),
        (HTML, ""),
        (b"<?xml version='1.0'?><Error>Request has expired</Error>", ""),
        (b'{"msg":"cut', ""),
        (b"\xffNo", ""),
        (b"No user. " * 1000, ""),
    ],
)
def test_a_sentence_in_plain_text_is_the_message(
    client: IterableClient, server: ScriptedServer, body: bytes, message: str
) -> None:
    error = refusal(client, server, Answer(400, body))
    assert (error.code, error.message) == ("", message)


def test_a_kind_that_is_expected_is_told_whatever_words_the_records_hold(
    client: IterableClient, server: ScriptedServer
) -> None:
    places = {"obj.users[1].preferUserId": "Boolean value expected"}
    server.after = lambda _: answer_json(400, {"msg": "", "code": "BadJsonBody", "params": places})
    with pytest.raises(BadJsonBodyError) as caught:
        client.post_json("/api/users/bulkUpdate", {"users": [{"email": "value", "kind": "Boolean value expected"}]})
    assert caught.value.violations == places


def test_the_other_envelope_is_read_as_well(client: IterableClient, server: ScriptedServer) -> None:
    body = {"error": "NotFound", "message": "Catalog not found: shop", "code": "error.catalogs.notFound", "data": {}}
    error = refusal(client, server, answer_json(404, body))
    assert isinstance(error, NotFoundError)
    assert (error.code, error.message) == ("error.catalogs.notFound", "Catalog not found: shop")


def test_an_unknown_key_is_explained_by_the_settings_to_check(client: IterableClient, server: ScriptedServer) -> None:
    body = {"msg": "Invalid API key", "code": "BadApiKey", "params": {"ip": "203.0.113.5", "endpoint": "/api/lists"}}
    text = str(refusal(client, server, answer_json(401, body)))
    assert "`api_key`" in text
    assert "`region`" in text
    assert "203.0.113.5" not in text


@pytest.mark.parametrize("status", [400, 500])
def test_a_type_clash_names_every_field_with_its_expected_type(
    client: IterableClient, server: ScriptedServer, naps: list[float], status: int
) -> None:
    error = refusal(client, server, answer_json(status, CLASH))
    assert isinstance(error, FieldTypeError)
    assert error.clashes == (
        FieldClash("signupDate", "date", "user", ("string", "keyword")),
        FieldClash("age", "long", "user"),
    )
    assert "GGG" not in str(error) + repr(error) + repr(error.clashes)
    assert naps == []


@pytest.mark.parametrize("params", [None, {}, {"validationErrors": None}, {"validationErrors": {"x": None}}])
def test_a_type_clash_without_its_details_is_still_one(
    client: IterableClient, server: ScriptedServer, params: object
) -> None:
    error = refusal(client, server, answer_json(400, {"msg": "", "code": CLASH["code"], "params": params}))
    assert isinstance(error, FieldTypeError)
    assert all(clash.expected_type == "" for clash in error.clashes)


def test_a_wrong_shape_names_every_place(client: IterableClient, server: ScriptedServer) -> None:
    places = {"obj.users[1].preferUserId": "Boolean value expected", "obj.users[3].email": "String value expected"}
    body = {"msg": "[/api/users/bulkUpdate] Invalid JSON body", "code": "BadJsonBody", "params": places}
    error = refusal(client, server, answer_json(400, body))
    assert isinstance(error, BadJsonBodyError)
    assert error.violations == places
    assert error.message == "[/api/users/bulkUpdate] Invalid JSON body"


@pytest.mark.parametrize(("status", "code"), [(413, ""), (400, "BatchTooLarge"), (413, "BatchTooLarge")])
def test_a_batch_that_is_too_large_is_one_exception_however_it_is_said(
    client: IterableClient, server: ScriptedServer, status: int, code: str
) -> None:
    assert type(refusal(client, server, answer_json(status, {"code": code}))) is TooLargeError


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"lists":', b"\xff", b"[" * 100_000], ids=["empty", "HTML", "cut", "no text", "deep"]
)
def test_a_good_status_with_an_unreadable_body_is_an_error(
    client: IterableClient, server: ScriptedServer, body: bytes
) -> None:
    server.after = lambda _: Answer(200, body)
    with pytest.raises(UnreadableAnswerError, match="/api/lists answered 200 with something that is not JSON"):
        client.get_json("/api/lists")


def test_json_is_read_as_utf_8_whatever_the_header_says(client: IterableClient, server: ScriptedServer) -> None:
    server.script = [
        Answer(200, json.dumps({"name": "Jürgen"}, ensure_ascii=False).encode(), {"Content-Type": "text/html"})
    ]
    assert client.get_json("/api/lists") == {"name": "Jürgen"}
