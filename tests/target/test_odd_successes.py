"""A good status without the success that the endpoint promises: nothing counts as written, known or done."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import target_iterable
from iterable_api.facts.endpoints import ENDPOINTS, success_of
from iterable_api.facts.key_types import KeyType
from iterable_sandbox.server import Sandbox
from target_iterable import objects
from target_iterable.command_line import EXPECTED_ERRORS
from target_iterable.core.operation import Endpoint
from target_iterable.objects.registry import OBJECTS
from target_iterable.project.connection_check import check_connection
from target_iterable.target import TargetIterable
from tests.contract.test_objects_contract import cases, messages
from tests.target.conftest import Project
from tests.target.loading import Loader, Message, stream
from tests.target.scenery import APP_KEY, FROM_APPS, READING, fill
from tests.target.test_command_line import run, settings

pytestmark = pytest.mark.more

BODIES: Mapping[str, Any] = {
    "HTML": "<html><body>Down for maintenance</body></html>",
    "nothing": "",
    "an empty object": {},
    "an error": {"code": "GenericError", "msg": "An error occurred. Please try again later."},
    "an array": [],
    "null": None,
    "a text": "Success",
}
ANN, BOB = "ann@example.com", "bob@example.com"
LOOK_UPS = ("GET /api/users/getByEmail", "GET /api/users/byUserId")
WITHOUT_REMOVALS = 4
"""So many of the messages for a mirror come before anything has left the source."""

Route = Mapping[str, Any]


def odd_bodies(path: str) -> Mapping[str, Any]:
    """Those that are odd there: an empty object is how Iterable says that there is no such user."""
    return {what: body for what, body in BODIES.items() if not (path in LOOK_UPS and body == {})}


EVERY_CASE = pytest.mark.parametrize(
    ("name", "route"), [pytest.param(*case, id=" ".join([case[0], *case[1].values()])) for case in cases()]
)


class Run:
    """Runs of one stream into a project that has what the examples are about."""

    def __init__(self, name: str, route: Route, sandbox: Sandbox, folder: Path) -> None:
        self.load = Loader(sandbox, folder)
        self.sandbox = sandbox
        self._name = name
        describes_state = OBJECTS[name].spec.describes_state
        self._settings: dict[str, Any] = {
            "streams": {name: {"object": name, **route} | ({"skip_unchanged": True} if describes_state else {})},
            "allow_destructive": True,
            "allow_messaging": True,
        }
        fill(sandbox)
        # An address can only change to one that nobody has.
        users = ["ann@old.example.com", *([ANN] if name != "user_emails" else [])]
        self.load(stream("users", [{"email": email} for email in users]))
        self._settings |= {"api_key": APP_KEY} if name in FROM_APPS else {}
        sandbox.project.log.clear()

    def __call__(self, lines: list[Message], **more: Any) -> dict[str, Any]:
        """The counts of a run, whether it failed or not."""
        try:
            self.load(lines, **self._settings, **more)
        except EXPECTED_ERRORS:
            assert self.load.states == []
        else:
            assert self.load.states
        return dict(self.load.streams[self._name])

    @contextmanager
    def odd(self, route: str, body: Any) -> Iterator[None]:
        """Each request to `route` is answered so, and does nothing."""
        planned = self.sandbox.inject("answer", route=route, status=200, body=body, times=None)
        yield
        assert planned.struck
        self.sandbox.project.faults.clear()

    def routes(self) -> list[str]:
        """What was called so far."""
        return sorted({f"{entry.method} {entry.path}" for entry in self.sandbox.requests("* /api/*")})


@contextmanager
def ready(name: str, route: Route, folder: Path) -> Iterator[Run]:
    knobs: dict[str, Any] = {"keys": {APP_KEY: KeyType.MOBILE}, "subscription_endpoints": True}
    with Sandbox(opt_in_message_types=True, **knobs) as sandbox:
        yield Run(name, route, sandbox, folder)


def called(name: str, route: Route, lines: list[Message], folder: Path) -> list[str]:
    """The routes that a run calls when all goes well."""
    folder.mkdir()
    with ready(name, route, folder) as run_:
        assert run_(lines)["rejected"] == 0
        return run_.routes()


@EVERY_CASE
def test_nothing_is_written_read_or_done_by_an_answer_that_is_no_success(
    tmp_path: Path, name: str, route: Route
) -> None:
    lines = messages(name, route["mode"])[:WITHOUT_REMOVALS]
    may_repeat = not OBJECTS[name].spec.has_unrepeatable_effect
    for number, path in enumerate(called(name, route, lines, tmp_path / "clean")):
        assert success_of(*path.split())
        folder = tmp_path / str(number)
        folder.mkdir()
        with ready(name, route, folder) as run_:
            for what, body in odd_bodies(path).items():
                ledger = str(folder / f"{'shared' if may_repeat else what}.db")
                with run_.odd(path, body):
                    counts = run_(lines, ledger=ledger)
                assert (counts["written"], counts["unchanged"]) == (0, 0), (path, what)
                if may_repeat:
                    assert run_.load.states == [], (path, what)
                else:
                    assert counts["reasons"] == {"unconfirmed": 1}, (path, what)
                    run_.sandbox.project.log.clear()
                    assert run_(lines, ledger=ledger)["reasons"] == {"unconfirmed": 1}, (path, what)
                    assert run_.routes() == [], (path, what)
            if may_repeat:
                again = run_(lines, ledger=ledger)
                assert (again["unsent"], again["rejected"]) == (0, 0)
                assert again["written"] or name in READING


MIRRORS = [case for case in cases() if case[1]["mode"] == "mirror" and case[1]["on_removed"] != "nothing"]


@pytest.mark.parametrize(
    ("name", "route"), [pytest.param(*case, id=f"{case[0]} {case[1]['on_removed']}") for case in MIRRORS]
)
def test_nothing_is_removed_by_an_answer_that_is_no_success(tmp_path: Path, name: str, route: Route) -> None:
    lines = messages(name, "mirror")
    with ready(name, route, tmp_path) as run_:
        assert run_(lines[:WITHOUT_REMOVALS])["written"] == 2
        run_.sandbox.project.log.clear()
        rest = [lines[0], *lines[WITHOUT_REMOVALS:]]
        for path in ("[PD]*", *([LOOK_UPS[0]] if route["on_removed"] == "clear" else [])):
            for what, body in odd_bodies(path).items():
                with run_.odd(path, body):
                    counts = run_(rest)
                assert (counts["removed"], counts["unchanged"], run_.load.states) == (0, 1, []), (path, what)
        assert run_(rest)["removed"] == 1


@pytest.mark.parametrize("body", ["HTML", "an error"])
@pytest.mark.parametrize(
    ("name", "path"),
    [("purchases", "POST /api/commerce/trackPurchase"), ("user_forgets", "POST /api/users/forget")],
)
def test_the_command_fails_without_state_when_no_answer_is_a_success(
    project: Project, tmp_path: Path, name: str, path: str, body: str
) -> None:
    project.sandbox.inject("answer", route=path, status=200, body=BODIES[body], times=None)
    config = settings(
        tmp_path,
        api_key=project.sandbox.api_key,
        api_url=project.sandbox.url,
        ledger=str(tmp_path / "ledger.db"),
        rejects_path=str(tmp_path / "rejects"),
        allow_destructive=True,
    )
    lines = [*stream(name, [OBJECTS[name].example]), {"type": "STATE", "value": {"n": 1}}]
    done = run("--config", config, stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{path} answered 200 with " in done.stderr
    assert "instead of a JSON object whose `code` is Success. State has not moved" in done.stderr


@pytest.mark.parametrize("status", [201, 202])
@pytest.mark.parametrize("code", ["Success", "Accepted"])
def test_catalog_items_and_subscriptions_are_taken_with_either_code_and_status(
    project: Project, status: int, code: str
) -> None:
    answer = {"msg": "", "code": code, "params": None, "more": 1}
    for path in ("POST /api/catalogs/{catalogName}/items", "PUT /api/subscriptions/*"):
        project.sandbox.inject("answer", route=path, status=status, body=answer)
    route = {"object": "subscriptions", "mode": "subscribe", "group": "emailList", "group_id": 1}
    lines = [*stream("catalog_items", [OBJECTS["catalog_items"].example]), *stream("fans", [{"email": ANN}])]
    done = project.load(lines, streams={"fans": route})
    assert [done[name]["written"] for name in ("catalog_items", "fans")] == [1, 1]


def test_one_odd_answer_between_good_ones_costs_one_more_request(project: Project) -> None:
    project.sandbox.inject("answer", route="POST /api/commerce/trackPurchase", status=200, body="<html>")
    purchases = project.load(stream("purchases", [OBJECTS["purchases"].example]))["purchases"]
    assert (purchases["written"], purchases["requests"], purchases["retries"]) == (1, 1, 1)
    assert len(project.holds.purchases()) == 1


@pytest.mark.parametrize("body", odd_bodies(LOOK_UPS[0]).values())
def test_an_address_has_not_changed_because_an_odd_answer_names_no_user(project: Project, body: Any) -> None:
    project.load(stream("users", [{"email": ANN}, {"email": BOB}]))
    project.sandbox.inject("answer", route="GET /api/users/getByEmail", status=200, body=body, times=None)
    with pytest.raises(EXPECTED_ERRORS, match="getByEmail answered 200"):
        project.load(stream("user_emails", [{"currentEmail": ANN, "newEmail": BOB}]))
    assert (project.load.states, project.load.streams["user_emails"]["written"]) == ([], 0)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_check_of_the_connection_does_not_pass_on_an_odd_answer(project: Project, body: Any) -> None:
    project.sandbox.inject("answer", route="GET /api/users/forgotten", status=200, body=body, times=None)
    target = TargetIterable(config={"api_key": project.sandbox.api_key, "api_url": project.sandbox.url})
    with pytest.raises(EXPECTED_ERRORS, match="forgotten answered 200"):
        check_connection(target.project.client, target.project.type)


def test_every_endpoint_that_an_object_writes_to_has_a_row() -> None:
    endpoints = set(_endpoints())
    assert len(endpoints) > 20
    assert all(ENDPOINTS[endpoint.method, endpoint.path].success for endpoint in endpoints)


def _endpoints() -> Iterator[Endpoint]:
    for found in pkgutil.walk_packages(objects.__path__, f"{objects.__name__}."):
        for value in vars(importlib.import_module(found.name)).values():
            among = value.values() if isinstance(value, Mapping) else [value]
            yield from (one for one in among if isinstance(one, Endpoint))


def test_the_target_makes_no_request_whose_success_is_not_looked_at() -> None:
    root = Path(target_iterable.__file__).parent
    for file in set(root.rglob("*.py")) - {root / "runs" / "dry_run_client.py"}:
        calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
        names = {func.attr for func in calls if isinstance(func, ast.Attribute)}
        assert not names & {"request", "get_json", "post_json"}, file.relative_to(root)
