"""All routes of the sandbox are of the contract or of Iterable's client, and their answers fit the schemas there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests

from iterable_sandbox.coverage import NOT_BUILT, RECORDED
from iterable_sandbox.routes.table import ENDPOINTS, Endpoint
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.contract.published_api import Contract, Problem
from tests.contract.requests_of_the_contract import EMAIL, EVERYTHING_ON, KNOWN, MOBILE, body, uri

ROUTES = [f"{row.method} {row.path}" for row in ENDPOINTS]

START = datetime(2026, 11, 1, tzinfo=UTC)
TRIGGERED = {"email": 17, "push": 21, "inApp": 22, "sms": 23, "webPush": 24, "whatsApp": 25}
"""Media to the last digits of a triggered campaign."""

RUNNING, DRAFT, READY = 60_104, 60_106, 60_107
"""Experiments of the prepared project."""

WRITTEN = {"email": 1, "push": 2, "sms": 4, "inapp": 11, "embedded": 26}
"""Media in the path to the last digits of a template."""
TYPES = {"email": 47_257, "push": 47_270, "sms": 97_961, "inapp": 47_280, "embedded": 98_200}
"""Media in the path to a message type."""

PARTICULAR: Mapping[str, Mapping[str, Any]] = {
    "GET /api/campaigns/{id}": {"id": 2_220_201},
    "GET /api/campaigns/recurring/{id}/childCampaigns": {"id": 2_220_231},
    **{f"POST /api/{medium}/target": {"campaignId": 2_220_200 + last} for medium, last in TRIGGERED.items()},
    **{f"POST /api/{medium}/cancel": {"campaignId": 2_220_200 + last} for medium, last in TRIGGERED.items()},
    "POST /api/campaigns/trigger": {"listIds": [949_801]},
    "GET /api/templates/push/get": {"templateId": 3_043_602},
    "GET /api/templates/sms/get": {"templateId": 3_043_604},
    "GET /api/templates/inapp/get": {"templateId": 3_043_611},
    "GET /api/templates/embedded/get": {"templateId": 3_043_626},
    "POST /api/campaigns/create": {"listIds": [949_801], "sendAt": "2026-11-10 00:00:00"},
    "POST /api/campaigns/cancel": {"campaignId": 2_220_229},
    "POST /api/campaigns/archive": {"campaignIds": [2_220_229]},
    "POST /api/campaigns/{campaignId}/schedule": {"campaignId": 2_220_229, "sendAt": "2026-11-05T00:00:00Z"},
    "POST /api/campaigns/{campaignId}/send": {"campaignId": 2_220_229},
    **{f"POST /api/templates/{part}/update": {"templateId": 3_043_600 + last} for part, last in WRITTEN.items()},
    **{f"POST /api/templates/{part}/upsert": {"messageTypeId": type_} for part, type_ in TYPES.items()},
    "POST /api/templates/bulkDelete": {"ids": [3_043_632, 3_043_633]},
    "POST /api/webhooks": {"id": 7001},
    "POST /api/users/forget": {"userId": None},
    "POST /api/users/unforget": {"userId": None},
    "POST /api/catalogs/{catalogName}": {"catalogName": "Books"},
    "PATCH /api/experiments/{experimentId}/settings": {"experimentId": DRAFT},
    "POST /api/experiments/{experimentId}/variants": {"experimentId": DRAFT, "copyFromTemplateId": 3_043_601},
    "POST /api/experiments/{experimentId}/start": {"experimentId": READY},
    "POST /api/experiments/{experimentId}/delete": {"experimentId": DRAFT},
    "POST /api/experiments/{experimentId}/cancel": {"experimentId": RUNNING},
    "POST /api/experiments/{experimentId}/winner": {"experimentId": RUNNING, "variantId": RUNNING * 100 + 2},
    "GET /api/experiments/{experimentId}/trends": {"experimentId": RUNNING},
}
"""What is known by another name, or under the same name is something else; None is not sent at all."""

WRAPPED = "GET /api/catalogs*"
BARE = "GET /api/catalogs/{catalogName}/items/{itemId}"
"""The contract gives what is inside; recordings have all but one item as `params` of the envelope of writes."""


@dataclass(frozen=True)
class Deviation:
    """Where the sandbox does not do what the contract says, and on what evidence. Routes and places are globs."""

    routes: str
    place: str
    evidence: str

    def allows(self, route: str, problem: Problem) -> bool:
        return fnmatchcase(route, self.routes) and fnmatchcase(problem.place, self.place)


LOWER_CASE = "recordings have states in lower case"
MILLISECONDS = "recordings have epoch milliseconds"
NO_OP = "recordings have noOpEmails and noOpUserIds, which the contract does not know"

DEVIATIONS = (
    Deviation("GET /api/export/*", "*jobState", LOWER_CASE),
    Deviation("GET /api/export/jobs", "jobs.*.dataTypeName", "recordings have the name, the contract a class of it"),
    Deviation("GET /api/experiments/metrics", "", "recordings have CSV, as the contract's own text says"),
    Deviation("GET /api/channels", "channels.*.messageMedium", "recordings have more media than the three listed"),
    Deviation("GET /api/templates", "templates.*.?????edAt", MILLISECONDS),
    Deviation("GET /api/templates/*/get", "*?????edAt", MILLISECONDS),
    Deviation("GET /api/catalogs/*/items*", "*lastModified", MILLISECONDS),
    Deviation("GET /api/catalogs/*/items*", "*value", "recordings have the item, the contract a class around it"),
    Deviation("POST /api/users/bulkUpdate", "", NO_OP),
    Deviation("POST /api/lists/*scribe", "", NO_OP),
)


@dataclass(frozen=True)
class Result:
    """What one route answered, and how that differs from the contract."""

    status: int
    text: str
    problems: tuple[Problem, ...]


@pytest.fixture(scope="module")
def results(published: Contract, seeded_database: Path) -> dict[str, Result]:
    """Every route, asked once, each in a project of its own."""
    return {f"{row.method} {row.path}": result(published, seeded_database, row) for row in ENDPOINTS}


@contextmanager
def prepared(seeded_database: Path) -> Iterator[Sandbox]:
    """A seeded project that holds what `KNOWN` speaks of."""
    database = seeded_database.with_name("prepared.db")
    shutil.copy(seeded_database, database)
    with Sandbox(database=str(database), clock=StoppedClock(START), **EVERYTHING_ON) as sandbox:
        for method, path, sent in PREPARATION:
            assert Question(method, path, sent).ask(sandbox, sandbox.api_key).ok
        yield sandbox


PREPARATION = (
    ("POST", "/api/users/update", {"email": EMAIL, "dataFields": {"userId": "ana"}}),
    ("POST", "/api/users/update", {"email": "bo@example.com"}),
    ("POST", "/api/lists", {"name": "Nobody's"}),
    ("PUT", "/api/metadata/shops/main", {"value": {"open": True}}),
    ("POST", "/api/snippets", {"name": "signature", "content": "Yours"}),
    ("POST", "/api/experiments", {"campaignId": 2_220_201, "experimentType": "EmailBody"}),
    ("POST", "/api/experiments/60107/variants", {"copyFromTemplateId": 3_043_601}),
    ("POST", "/api/export/start", {"dataTypeName": "user", "outputFormat": "text/csv"}),
    *(
        (
            "POST",
            f"/api/{medium}/target",
            {"campaignId": 2_220_200 + last, "recipientEmail": EMAIL, "sendAt": "2026-11-20 00:00:00"},
        )
        for medium, last in TRIGGERED.items()
    ),
)

REFUSED = {"GET /api/users/forgottenUserIds": "a project that is based on e-mails forgets e-mails"}


@dataclass(frozen=True)
class Question:
    """One request, without its key."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, sandbox: Sandbox, key: str) -> requests.Response:
        url, headers = sandbox.url + self.path, {"Api-Key": key}
        return requests.request(self.method, url, params=self.query, json=self.body, headers=headers, timeout=10)


def test_every_route_of_the_sandbox_is_in_the_contract_or_known_to_iterables_client(published: Contract) -> None:
    assert {f"{row.method} {row.path}" for row in ENDPOINTS} - published.operations.keys() == set()


@pytest.mark.parametrize("route", ROUTES)
def test_an_answer_has_the_shape_that_the_contract_gives(results: dict[str, Result], route: str) -> None:
    result = results[route]
    assert (200 <= result.status < 300) is (route not in REFUSED), result.text
    assert [one for one in result.problems if not any(row.allows(route, one) for row in DEVIATIONS)] == []


def test_no_deviation_is_out_of_date(results: dict[str, Result]) -> None:
    found = [(route, problem) for route, result in results.items() for problem in result.problems]
    assert [row for row in DEVIATIONS if not any(row.allows(*one) for one in found)] == []


def result(contract: Contract, seeded_database: Path, endpoint: Endpoint) -> Result:
    """Ask as a server does, or where servers may not, as an app."""
    operation = contract.operations[f"{endpoint.method} {endpoint.path}"]
    with prepared(seeded_database) as sandbox:
        known = known_for(operation.route, sandbox)
        path, query = uri(operation, known)
        sent = None if operation.body is None else body(contract, operation.body, known)
        question = Question(endpoint.method, path, sent, query)
        answer = question.ask(sandbox, sandbox.api_key)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = question.ask(sandbox, MOBILE)
    schema = operation.answer(answer.status_code) or operation.answer(200)
    found = () if schema is None or not answer.ok else tuple(problems(contract, operation.route, schema, answer))
    return Result(answer.status_code, answer.text, found)


def known_for(route: str, sandbox: Sandbox) -> dict[str, Any]:
    newest = max(row.id for row in sandbox.store.lists.all())
    known = {**KNOWN, "listId": newest, "jobId": max(sandbox.project.export_jobs), **PARTICULAR.get(route, {})}
    return {name: value for name, value in known.items() if value is not None}


def problems(contract: Contract, route: str, schema: Mapping[str, Any], answer: requests.Response) -> Iterator[Problem]:
    if contract.resolved(schema).get("type") == "string":
        return
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        yield Problem("", "the answer is no JSON")
        return
    value = answer.json()
    is_wrapped = fnmatchcase(route, WRAPPED) and route != BARE
    yield from contract.problems(schema, value["params"] if is_wrapped else value)


def test_every_published_endpoint_is_built_or_is_said_not_to_be(published: Contract) -> None:
    assert set(ROUTES) & NOT_BUILT.keys() == set()
    assert {*ROUTES, *NOT_BUILT} == published.operations.keys()


def test_every_glob_of_recorded_routes_has_its_routes() -> None:
    assert [glob for glob in RECORDED if not any(fnmatchcase(route, glob) for route in ROUTES)] == []
