"""No key, address, userId, body, IP or phone number in any exception or log line, whatever Iterable quotes."""

import logging
import re
import string
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iterable_api.errors import IterableError
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from iterable_api.redaction import redact, texts_in
from iterable_api.refusals import FIXED_TEXTS
from tests.api.conftest import KEY, OVER_HTTP, Connect
from tests.scripted_server import Answer, ScriptedServer, answer_json, reset

PERSONAL = ["ana.novak", "sayan", "rudder2", "4915112345678", "555", "203.0.113.5", "2001:db8::8a2e", KEY, "Secret St"]

# Sentences that Iterable was seen to write, and some that it might: each quotes something nobody else should read.
MESSAGES = [
    "Invalid email: sayan",
    "Invalid email: 'ana.novak @ example.com'",
    "Invalid currentEmail sayan",
    "Invalid newEmail: ana.novak@example",
    "User does not exist. Email:  UserId: rudder2",
    "User does not exist. Email: ana.novak@example.com UserId: ",
    "No user exists with userId rudder2",
    "User rudder2 already exists",
    "UserId 'rudder2' is already taken by ana.novak@example.com",
    "Event with id: rudder2 tracked.",
    "The user <ana.novak@example.com> has been forgotten",
    "Email ana.novak%40example.com is invalid",
    "Unknown path /api/users/ana.novak%2Bspring%40example.com",
    "email:ana.novak@example.com,userId:rudder2",
    "SAYAN is not an e-mail address",
    "Invalid phone number +49 151 12345678 / 4915112345678 / +1 (555) 123-4567 / 555.123.4567",
    "Request from 203.0.113.5 or 203.0.113.5:443 or [2001:db8::8a2e]:443 or IP:2001:db8::8a2e refused",
    f"The key {KEY} is disabled",
    f"The key {KEY.upper()} is disabled",
    "JWT eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFuYSJ9.c2lnbmF0dXJl is expired (ana.novak@example.com)",
    "Field 'address' does not take 'Secret St 1'",
    '{"email":"ana.novak@example.com","userId":"rudder2"}',
    "Could not read row\nana.novak@example.com\trudder2",
]
BODY = {
    "users": [
        {
            "email": "sayan",
            "userId": "rudder2",
            "dataFields": {"address": "Secret St 1", "phoneNumber": "4915112345678"},
        },
        {"email": "ana.novak@example.com", "dataFields": {"a": ["ana.novak", {"b": "ana.novak@example"}]}},
    ]
}


def provoke(client: IterableClient, server: ScriptedServer, answer: Answer, body: Any = None) -> str:
    """Everything that a failed call shows, in its exceptions."""
    server.after = lambda _: answer
    with pytest.raises(IterableError) as caught:
        client.request(
            "POST",
            "/api/users/byUserId/{userId}",
            path_params={"userId": "rudder2"},
            params={"email": "ana.novak+spring@example.com"},
            json=body,
        )
    return f"{caught.value} {caught.value!r} {vars(caught.value)} {caught.value.args} {caught.getrepr(style='short')}"


@pytest.mark.parametrize("status", [400, 401, 500])
@pytest.mark.parametrize("message", MESSAGES)
def test_what_iterable_quotes_shows_up_in_no_exception_and_no_log(
    connect: Connect, server: ScriptedServer, caplog: pytest.LogCaptureFixture, status: int, message: str
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = answer_json(status, {"msg": message, "code": "BadParams", "params": {"ip": "203.0.113.5", "body": BODY}})
    shown = provoke(connect(max_tries=2), server, answer, BODY) + caplog.text
    assert f"answered {status}" in shown
    assert [secret for secret in PERSONAL if secret.casefold() in shown.casefold()] == []


CLASH = {"incomingTypes": ["of ana.novak@example.com"], "expectedType": KEY, "category": "203.0.113.5"}
OTHER_PARTS = [
    {"code": "Invalid email: ana.novak@example.com"},
    {"code": "rudder2"},
    {"code": "error.users.of(sayan)"},
    {"params": {"obj.users[1].email": "ana.novak@example.com is no address"}},
    {"params": {"obj.users[1].userId": "rudder2 is no number"}},
    {"params": {"obj.users[1].email": ["sayan"]}},
    {"params": {"obj.users.ana.novak@example.com": "String value expected"}},
    {"code": "RequestFieldsTypesMismatched", "params": {"validationErrors": {"age": CLASH}}},
]


@pytest.mark.parametrize("part", OTHER_PARTS)
def test_other_parts_of_an_answer_do_not_show_either(
    client: IterableClient, server: ScriptedServer, part: dict[str, Any]
) -> None:
    shown = provoke(client, server, answer_json(400, {"msg": "x", "code": "BadJsonBody", **part}), BODY)
    assert [secret for secret in PERSONAL if secret.casefold() in shown.casefold()] == []


@pytest.mark.parametrize("status", [400, 401, 500])
@pytest.mark.parametrize("message", MESSAGES)
def test_a_sentence_in_plain_text_is_redacted_like_any_other(
    connect: Connect, server: ScriptedServer, caplog: pytest.LogCaptureFixture, status: int, message: str
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = provoke(connect(max_tries=2), server, Answer(status, message.encode()), BODY) + caplog.text
    assert [secret for secret in PERSONAL if secret.casefold() in shown.casefold()] == []


@pytest.mark.parametrize("code", ["rudder2", "of sayan", "Invalid email: ana.novak@example.com"])
def test_the_code_of_a_success_that_is_none_is_redacted(
    client: IterableClient, server: ScriptedServer, code: str
) -> None:
    server.after = lambda _: answer_json(200, {"msg": "", "code": code, "params": None})
    with pytest.raises(IterableError) as caught:
        confirmed(client, "POST", "/api/users/bulkUpdate", json=BODY)
    assert "the code" in str(caught.value)
    assert [secret for secret in PERSONAL if secret in str(caught.value)] == []


@pytest.mark.parametrize(
    "answer", [Answer(fault=reset), Answer(302, headers={"Location": "/x?email=ana.novak@example.com"})]
)
def test_failures_without_a_readable_answer_do_not_show_the_url(
    connect: Connect, server: ScriptedServer, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = provoke(connect(max_tries=2), server, answer, BODY) + caplog.text
    assert [secret for secret in PERSONAL if secret in shown] == []


def test_a_success_logs_nothing_personal_even_at_debug(
    connect: Connect, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = [Answer(200, b"{}", {"Odd Header": "x"})]
    connect().get_json("/api/users/{email}", path_params={"email": "ana.novak@example.com"}, params={"email": "sayan"})
    assert caplog.text == ""


USER_IDS = st.text(string.ascii_letters + string.digits + string.punctuation + " ", min_size=5, max_size=52)
SENTENCES = st.sampled_from(
    ["{}", "User {} does not exist", "Conflict: {}.", "'{}' is taken", "({})", "Unknown:{};", "[{}] and {}", "a\n{}\nb"]
)


@OVER_HTTP
@given(user_id=USER_IDS, sentence=SENTENCES)
def test_a_user_id_that_was_sent_is_struck_out_in_any_sentence(
    client: IterableClient, server: ScriptedServer, user_id: str, sentence: str
) -> None:
    # A fixed text of Iterable's names nobody, so it is shown even where an id is spelled like it.
    assume(user_id.strip().casefold() not in f"{sentence} <redacted> {BASE} {FIXED_TEXTS}".casefold())
    answer = answer_json(400, {"msg": sentence.replace("{}", user_id), "code": "BadParams"})
    assert user_id.strip() not in provoke_with(client, server, answer, {"userId": user_id})


BASE = "POST /api/users/update answered 400 (BadParams: )"


def provoke_with(client: IterableClient, server: ScriptedServer, answer: Answer, body: Any) -> str:
    server.after = lambda _: answer
    with pytest.raises(IterableError) as caught:
        client.post_json("/api/users/update", body)
    return str(caught.value)


# Fewer than nine digits may as well be the id of a list or a campaign, and these help.
PHONES = st.from_regex(r"\A\+?[1-9][0-9]{1,3}[ ./-]?\(?[0-9]{3,4}\)?[ ./-]?[0-9]{4,6}\Z")
IDENTIFYING = (
    st.emails()
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded)
    | st.text("0123456789abcdef", min_size=32, max_size=32)
    | PHONES
)


@given(secret=IDENTIFYING, sentence=SENTENCES)
def test_what_looks_personal_is_struck_out_even_if_it_was_not_sent(secret: str, sentence: str) -> None:
    assume(secret not in sentence)
    assert secret not in redact(sentence.replace("{}", secret))


def test_a_value_that_begins_like_another_is_struck_out_whole() -> None:
    assert redact("User ana novak exists", ["ana", "ana novak", "novak ana"]) == "User <redacted> exists"


def test_a_value_at_the_end_of_what_is_read_is_not_shown_by_half() -> None:
    for length in range(1900, 2010):
        shown = redact("Invalid email: ".ljust(length, "x") + ", ana.novak@example.com is taken")
        assert "ana" not in shown


@given(st.text())
def test_a_redacted_text_is_short_and_redacting_never_fails(text: str) -> None:
    assert len(redact(text * 100, [text, *text])) <= 300


@given(st.text())
def test_redacting_twice_finds_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "message",
    [
        "[/api/events/trackBulk] Invalid JSON body",
        "error.lists.invalidListId(99999999)",
        "Invalid email list id",
        "No user with that id exists!",
        "Exceeded rate limit for endpoint: /api/export/data.csv, project: 8575",
        "An error occurred. Please try again later.",
        "Field 'signupDate' already exists for type 'user' and has a data type of 'date'",
        "Catalog not found: shop",
        "Disabled API key or insufficient privileges",
        "Invalid campaign id 5967603 at 18:00:44",
    ],
)
def test_what_helps_is_kept(message: str) -> None:
    assert redact(message, ["ana@example.com", "id", "rat", ""]).replace("<redacted>", "id") == message


@pytest.mark.parametrize("text", FIXED_TEXTS)
def test_what_says_that_something_is_not_there_is_read_whatever_words_the_records_hold(text: str) -> None:
    words = re.findall(r"\w+", text)
    assert redact(f"{text}: sayan", [*words, text, "sayan"]) == f"{text}: <redacted>"


@pytest.mark.parametrize("text", FIXED_TEXTS)
def test_an_address_that_begins_like_a_known_text_is_struck_out_whole(text: str) -> None:
    assert redact(f"{text}@example.com", [f"{text}@example.com"]) == "<redacted>"
    assert f"{text.rsplit(maxsplit=1)[-1]}@" not in redact(f"{text}@example.com")
    assert "example" not in redact(f"{text}@example.com")


def test_texts_are_found_at_every_depth_and_in_bytes() -> None:
    assert set(texts_in({"a": ["b", {"c": "d"}], "e": 1}, None, b'{"f": ["g", null, 2.5]}', b"no JSON", 1.5)) == {
        "b",
        "d",
        "g",
    }


def test_a_huge_body_is_searched_without_recursion() -> None:
    deep: Any = "bottom"
    for _ in range(100_000):
        deep = [deep]
    assert list(texts_in(deep)) == ["bottom"]


def test_the_generated_addresses_are_of_both_kinds() -> None:
    assert redact(str(IPv4Address("192.0.2.1"))) == redact(str(IPv6Address("2001:db8::1"))) == "<ip>"
