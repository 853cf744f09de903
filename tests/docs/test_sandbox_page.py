"""The examples of docs/sandbox.md are run as they stand there, in a project that knows nothing else."""

from __future__ import annotations

import re
from inspect import signature
from typing import Final

import pytest

from iterable_sandbox.client import SandboxClient
from iterable_sandbox.control.routes import control_routes
from iterable_sandbox.server import Sandbox
from tools.generated import ROOT

pytest_plugins = ["pytester"]

PAGE: Final = (ROOT / "docs" / "sandbox.md").read_text()
BLOCK: Final = re.compile(r"^```python\n# (\w+)\.py\n(.*?)^```", re.MULTILINE | re.DOTALL)
TESTS: Final = {name: text for name, text in BLOCK.findall(PAGE) if name.startswith("test_")}
SURROUNDINGS: Final = '''
"""What readers of the page have themselves: a pipeline, a reader, a receiver of webhooks, a served sandbox."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
import requests

USERS = [{"email": "ana@example.com", "plan": "gold"}, {"email": "bob@example.com", "plan": "basic"}]
Path("users.json").write_text("\\n".join(map(json.dumps, USERS)))


def run_my_pipeline(url, api_key):
    def post(path, body):
        for is_last in (False, True):
            try:
                return requests.post(url + path, json=body, headers={"Api-Key": api_key}, timeout=10).json()
            except requests.ConnectionError:
                if is_last:
                    raise

    emails = [user["email"] for user in USERS]
    users = [{"email": user["email"], "dataFields": {"plan": user["plan"]}} for user in USERS]
    post("/api/users/bulkUpdate", {"users": users})
    list_id = post("/api/lists", {"name": "Loyal customers"})["listId"]
    post("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": email} for email in emails]})
    events = [{"email": email, "eventName": "order", "id": "order of " + email} for email in emails]
    post("/api/events/trackBulk", {"events": events})


def read_users(url, api_key):
    asked = {"dataTypeName": "user", "range": "All"}
    answer = requests.get(url + "/api/export/data.json", params=asked, headers={"Api-Key": api_key}, timeout=10)
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def my_receiver():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


@pytest.fixture
def served_sandbox():
    serve = ["serve", "--port", "0", "--no-limits", "--api-key", "k" * 32]
    command = [sys.executable, "-m", "iterable_sandbox.cli", *serve]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield SimpleNamespace(url=process.stdout.readline().split()[-1], api_key="k" * 32)
        process.terminate()
'''


@pytest.mark.parametrize("name", TESTS)
def test_the_examples_of_the_page_do_what_they_say(pytester: pytest.Pytester, name: str) -> None:
    (conftest,) = [text for block, text in BLOCK.findall(PAGE) if block == "conftest"]
    pytester.makeconftest(conftest)
    pytester.makepyfile(surroundings=SURROUNDINGS, **{name: f"from surroundings import *\n\n{TESTS[name]}"})
    expected = TESTS[name].count("\ndef test_") + TESTS[name].startswith("def test_")
    pytester.runpytest_inprocess("-p", "no:cacheprovider", f"{name}.py").assert_outcomes(passed=expected)


def test_every_example_of_tests_is_run() -> None:
    assert len(TESTS) == 4
    assert PAGE.count("def test_") == sum(text.count("def test_") for text in TESTS.values())


def test_every_method_of_a_sandbox_is_on_the_page() -> None:
    methods = {name for name in {*vars(SandboxClient), *vars(Sandbox)} if not name.startswith("_")} - {"close"}
    assert {"user", "events", "members", "advance", "load", "seed"} <= methods
    assert [name for name in methods if f"{name}(" not in PAGE] == []


def test_every_argument_that_the_page_gives_to_seeding_is_one_with_this_default() -> None:
    defaults = {name: parameter.default for name, parameter in signature(SandboxClient.seed).parameters.items()}
    (given,) = re.findall(r"\| `seed\((.*?)\)`", PAGE)
    assert {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", given)}.items() <= defaults.items()


def test_every_route_of_control_is_on_the_page() -> None:
    with Sandbox() as sandbox:
        routes = [(method, route.path) for route in control_routes(sandbox.project) for method in route.methods or ()]
    routes = [(method, path.replace(":int", "")) for method, path in routes if method != "HEAD"]
    assert len(routes) > 20
    (chapter,) = re.findall(r"## Controlling it while it runs\n(.*?)\n## ", PAGE, re.DOTALL)
    rows = [row for row in chapter.splitlines() if row.startswith("|")]
    assert [one for one in routes if not any(one[0] in row and one[1] in row for row in rows)] == []
