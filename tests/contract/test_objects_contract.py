"""Every object, in each of its modes, sends only what the contract knows; also when it removes something."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from iterable_api.facts.key_types import KeyType
from iterable_sandbox.server import Sandbox
from target_iterable.objects.registry import OBJECTS
from tests.contract.published_api import Contract
from tests.contract.test_plugin_requests import problems
from tests.target.loading import Loader, Message, stream
from tests.target.scenery import APP_KEY, FROM_APPS, MEDIA, READING, fill

GROUP: Final = {"subscriptionGroup": "emailList", "subscriptionGroupId": 12}
IN_MODE: Final[Mapping[tuple[str, str], Any]] = {
    ("subscriptions", "subscribe"): GROUP,
    ("subscriptions", "unsubscribe"): GROUP,
    ("templates", "update"): {"templateId": 20},
    ("users", "create"): {"email": "new@example.com"},
    ("campaign_starts", "schedule"): {"campaignId": 40, "sendAt": "2026-01-01T00:00:00Z"},
    ("campaign_stops", "cancel"): {"campaignId": 41},
    **{("messages", mode): {"campaignId": number} for number, mode in enumerate(MEDIA, 5)},
}
"""What the records of a mode have besides the example."""
OTHERS: Final[Mapping[str, Any]] = {
    "users": {"email": "bob@example.com"},
    "list_members": {"email": "bob@example.com"},
    "catalog_items": {"itemId": "B-1"},
    "metadata": {"key": "b2"},
    "snippets": {"name": "other"},
}
"""What makes of the example of an object that can be mirrored another thing."""


def cases() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each object with each of its routes."""
    for name, object_ in OBJECTS.items():
        for mode in object_.spec.modes:
            for removal in object_.spec.removal_actions if mode == "mirror" else ("",):
                yield name, {"mode": mode} | ({"on_removed": removal, "max_removals": "100%"} if removal else {})


def messages(name: str, mode: str) -> list[Message]:
    """The example; for a mirror another thing, too, which then leaves the source."""
    record = {**OBJECTS[name].example, **IN_MODE.get((name, mode), {})}
    key = [column for column in ("id",) if column in record]
    if mode != "mirror":
        return stream(name, [record], key)
    schema, one, other = stream(name, [record, record | OTHERS[name]], key)
    first = [one | {"version": 1}, other | {"version": 1}, {"type": "ACTIVATE_VERSION", "stream": name, "version": 1}]
    return [schema, *first, one | {"version": 2}, {"type": "ACTIVATE_VERSION", "stream": name, "version": 2}]


@pytest.mark.parametrize(
    ("name", "route"), [pytest.param(*case, id=" ".join([case[0], *case[1].values()])) for case in cases()]
)
def test_what_an_object_sends_in_a_mode_is_known_to_the_contract(
    contract: Contract, tmp_path: Path, name: str, route: Mapping[str, Any]
) -> None:
    knobs: dict[str, Any] = {"keys": {APP_KEY: KeyType.MOBILE}, "subscription_endpoints": True}
    with Sandbox(log_personal_data=True, opt_in_message_types=True, **knobs) as sandbox:
        load = Loader(sandbox, tmp_path)
        # An address can only change to one that nobody has.
        users = ["ann@old.example.com", *(["ann@example.com"] if name != "user_emails" else [])]
        fill(sandbox)
        load(stream("users", [{"email": email} for email in users]))
        sandbox.project.log.clear()
        done = load(
            messages(name, route["mode"]),
            streams={name: {"object": name, **route}},
            allow_destructive=True,
            allow_messaging=True,
            **({"api_key": APP_KEY} if name in FROM_APPS else {}),
        )[name]
        sent = sandbox.requests("* /api/*")
    assert done["rejected"] == 0
    assert any(entry.method != "GET" for entry in sent) == (name not in READING)
    assert [problem for entry in sent for problem in problems(contract, entry)] == []


@pytest.mark.parametrize(("number", "mode"), list(enumerate(MEDIA, 5)))
def test_messages_send_what_the_contract_lacks_only_where_the_route_says_so(
    contract: Contract, tmp_path: Path, number: int, mode: str
) -> None:
    phone, metadata = "+41440000000", {"order": 7}
    record = {"id": 1, "email": "ann@example.com", "campaignId": number, "recipientPhone": phone, "metadata": metadata}
    with Sandbox(log_personal_data=True) as sandbox:
        load = Loader(sandbox, tmp_path)
        fill(sandbox)
        load(stream("users", [{"email": "ann@example.com"}]))
        for on in (False, True):
            route = {"object": "messages", "mode": mode, "undocumented_fields": on}
            done = load(
                stream("messages", [record | {"id": on}], ["id"]), streams={"messages": route}, allow_messaging=True
            )
            assert done["messages"]["written"] == 1
        without, beyond = sandbox.requests(f"POST /api/{mode}/target")
    assert list(problems(contract, without)) == []
    assert list(problems(Contract.read("client_messages.txt"), beyond)) == []
    body, more = json.loads(without.body or ""), json.loads(beyond.body or "")
    assert ("metadata" in body, "recipientPhone" in body) == (mode in ("email", "push"), False)
    assert body["dataFields"]["recipientPhone"] == phone
    assert more["metadata"] == metadata
    assert ("recipientPhone" in more) == (mode in ("sms", "whatsApp"))
