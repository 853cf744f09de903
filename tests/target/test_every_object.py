"""What holds for each object that is written one way only: kills do no harm, and dry runs tell the truth."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from iterable_api.facts.key_types import KeyType
from tests.target.conftest import NewProject, Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.loading import Contents, Message, stream
from tests.target.scenery import APP_KEY
from tests.target.segment_calls import call, track
from tests.target.test_command_line import COMMAND, settings

PEOPLE = [f"{n}@example.com" for n in range(4)]
CHANNEL = 71
OF_PROFILES = ("shoppingCartItems", "devices", "browserTokens", "unsubscribedChannelIds", "emailListIds")


class Work(NamedTuple):
    """Records of a stream, the same things again and again, and what their traces are."""

    records: list[dict[str, Any]]
    look: Callable[[Contents], Any]
    route: Mapping[str, Any] = {}
    of_apps: bool = False


def profiles(holds: Contents) -> Any:
    users = {email: holds.user(email=email) for email in PEOPLE}
    return {email: {name: user.get(name) for name in OF_PROFILES} for email, user in users.items()}


def purchases(holds: Contents) -> Any:
    return [
        {name: line.get(name) for name in ("id", "email", "total", "shoppingCartItems", "n")}
        for line in holds.purchases()
    ]


def snippets(holds: Contents) -> Any:
    return {name: snippet["content"] for name, snippet in holds.snippets().items()}


def template(number: int) -> dict[str, Any]:
    """Of three templates, each in two locales, again and again."""
    locale = {"locale": "de-DE"} if number % 2 else {}
    return {"messageMedium": "SMS", "clientTemplateId": f"t{number % 3}", "message": f"{number}"} | locale


def templates(holds: Contents) -> Any:
    ids = {name: holds.template_ids(name) for name in ("t0", "t1", "t2")}
    return {
        name: [content["message"] for one in found for content in holds.templates("sms", one, "de-DE")]
        for name, found in ids.items()
    }


def item(number: int) -> dict[str, Any]:
    return {"id": "m", "name": "Mug", "price": 4.5, "quantity": number + 1}


def person(number: int) -> dict[str, Any]:
    return {"email": PEOPLE[number % 4]}


def segment_call(number: int) -> dict[str, Any]:
    """Of each person, one after the other: traits, an event, a cart and an order, again and again."""
    made = [
        call("identify", traits={"email": PEOPLE[number % 4], "n": number}),
        track("Seen", {"n": number}),
        track("Cart Updated", {"products": [{**item(number), "product_id": "m"}]}),
        track("Order Completed", {"total": number, "products": [{**item(number), "product_id": "m"}]}),
    ][number // 4 % 4]
    return made | {"messageId": f"m{number}", "userId": f"u{number % 4}", "context": None}


def segment_traces(holds: Contents) -> Any:
    events = [(event["id"], event["email"], event["n"]) for event in holds.events()]
    return profiles(holds), purchases(holds), events, [holds.user(email=email)["n"] for email in PEOPLE]


WORK: Mapping[str, Work] = {
    "purchases": Work([person(n) | {"items": [item(n)], "total": n, "n": n % 10} for n in range(24)], purchases),
    "carts": Work([person(n) | {"items": [item(n)]} for n in range(24)], profiles),
    "subscriptions": Work([person(n) | {"unsubscribedChannelIds": [CHANNEL + n]} for n in range(24)], profiles),
    "subscribed": Work(
        [person(n) for n in range(24)],
        profiles,
        {"object": "subscriptions", "mode": "unsubscribe", "group": "messageChannel", "group_id": CHANNEL},
    ),
    "devices": Work(
        [person(n) | {"token": f"t{n % 5}", "platform": "GCM", "applicationName": "shop", "n": n} for n in range(24)],
        profiles,
        of_apps=True,
    ),
    "gone": Work(
        [{"token": f"t{n % 5}"} for n in range(24)], profiles, {"object": "devices", "mode": "disable"}, of_apps=True
    ),
    "browsers": Work([person(n) | {"browserToken": f"t{n % 9}"} for n in range(24)], profiles, of_apps=True),
    "metadata": Work(
        [{"table": "t", "key": f"k{n % 5}", "value": {"n": n}} for n in range(24)], lambda it: it.metadata("t")
    ),
    "segment": Work([segment_call(n) for n in range(24)], segment_traces),
    "templates": Work([template(n) for n in range(24)], templates),
    "snippets": Work([{"name": f"s{n % 5}", "content": f"<p>{n}</p>"} for n in range(24)], snippets),
}


def prepared(new_project: NewProject) -> Project:
    """A project with users who have devices, a channel, and a key for apps."""
    project = new_project(subscription_endpoints=True, keys={APP_KEY: KeyType.MOBILE}, log_personal_data=True)
    project.sandbox.store.resources.add("channel", [(CHANNEL, {"id": CHANNEL, "name": "Marketing"})])
    project.load(stream("users", [{"email": email} for email in PEOPLE]))
    registered = [person(n) | {"token": f"t{n}", "platform": "GCM", "applicationName": "shop"} for n in range(5)]
    project.load(stream("devices", registered), api_key=APP_KEY)
    project.sandbox.project.log.clear()
    return project


def of_run(name: str, project: Project) -> dict[str, Any]:
    """The settings of a run."""
    work = WORK[name]
    streams = {name: work.route} if work.route else {}
    return {"max_batch_rows": 2, "api_key": APP_KEY if work.of_apps else project.sandbox.api_key, "streams": streams}


def messages(name: str, position: int = 0) -> list[Message]:
    """What is behind `position`, with state behind each record."""
    schema, *records = stream(name, WORK[name].records)
    numbered = [(record, {"type": "STATE", "value": n}) for n, record in enumerate(records, 1)]
    return [schema, *(message for pair in numbered[position:] for message in pair)]


def killed(name: str, url: str, project: Project, tmp_path: Path) -> int:
    """A run of its own that does not survive; the position that state has reached."""
    rejects = str(tmp_path / "rejects")
    config = settings(tmp_path, **of_run(name, project), api_url=url, enforce_rate_limits=False, rejects_path=rejects)
    code, out = Interrupting.run([COMMAND, "--config", config], messages(name))
    assert code == -signal.SIGKILL
    return max(map(int, out.split()), default=0)


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("name", WORK)
def test_a_killed_run_and_the_next_leave_what_one_run_would(
    new_project: NewProject, tmp_path: Path, name: str, moment: Moment
) -> None:
    undisturbed = prepared(new_project)
    undisturbed.load(messages(name), **of_run(name, undisturbed))
    project = prepared(new_project)
    strike = Random(f"{name} {moment}").randint(1, 12)  # noqa: S311 (a choice, not a secret)
    with Interrupting.proxy(project.sandbox.url, strike, moment, signal.SIGKILL) as proxy:
        position = killed(name, proxy, project, tmp_path)
    assert position < len(WORK[name].records)
    rest = project.load(messages(name, position), **of_run(name, project))[name]
    assert (rest["rejected"], rest["written"]) == (0, len(WORK[name].records) - position)
    look = WORK[name].look
    assert look(project.holds) == look(undisturbed.holds)


@pytest.mark.parametrize("name", WORK)
def test_a_dry_run_plans_the_requests_of_the_real_run_and_sends_none(
    new_project: NewProject, tmp_path: Path, name: str
) -> None:
    project = prepared(new_project)
    plan = project.load(messages(name), **of_run(name, project), dry_run=True, dry_run_path=str(tmp_path / "plan"))
    assert all(entry.method == "GET" for entry in project.sandbox.requests())
    (path,) = (tmp_path / "plan").glob("requests-*.ndjson")
    planned = [json.loads(line) for line in path.read_text().splitlines()]
    real = project.load(messages(name), **of_run(name, project), max_in_flight=1)
    sent = [entry for entry in project.sandbox.requests() if entry.method != "GET"]
    assert [(call["method"], call["path"], call["body"]) for call in planned] == [
        (entry.method, str(entry.uri).partition("?")[0], json.loads(entry.body or "null")) for entry in sent
    ]
    for count in ("read", "written", "rejected", "requests"):
        assert plan[name][count] == real[name][count]
