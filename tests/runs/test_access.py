"""The page is for this machine, or for those who have the password."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.conftest import Page, command, served
from tests.runs.histories import WrittenHistory

PASSWORD = "correct horse battery"  # noqa: S105 (of a page of this test)


def test_only_this_machine_by_its_own_names_sees_a_page_without_a_password(page: Page) -> None:
    port = page.url.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "[::1]"):
        assert page.get("/", headers={"Host": host}).status_code == 200
    for host in ("example.com", "127.0.0.1.example.com", "", "10.0.0.1"):
        refused = page.get("/", headers={"Host": host})
        assert (refused.status_code, "ITERABLE_RUNS_PASSWORD" in refused.text) == (403, True)


@pytest.fixture(scope="module")
def locked_page(history: WrittenHistory) -> Iterator[Page]:
    """A page with a password."""
    with served(history.place, PASSWORD) as page:
        yield page


@pytest.mark.parametrize("path", ["/", "/find", "/metrics", "/static/page.css", "/runs/x"])
def test_with_a_password_nobody_sees_anything_without_it(locked_page: Page, path: str) -> None:
    for given in (None, ("ann", "wrong"), ("ann", ""), ("ann", PASSWORD + "x")):
        refused = locked_page.get(path, auth=given)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic")
    for header in ("Bearer x", "Basic", "Basic ???", "Basic " + "A" * 7):
        assert locked_page.get(path, headers={"Authorization": header}).status_code == 401
    allowed = locked_page.get(path, auth=("ann", PASSWORD), headers={"Host": "runs.example.com"})
    assert allowed.status_code in (200, 404)
    assert locked_page.get("/health").text == "OK"


def refused(place: str, *options: str) -> str:
    ran = command(place, "serve", "--port", "0", *options)
    assert ran.exit_code == 1
    return ran.output


def test_a_host_that_others_reach_wants_a_password(history: WrittenHistory, tmp_path: Path) -> None:
    assert "wants a password" in refused(history.place, "--host", "0.0.0.0")  # noqa: S104 (it is refused)
    (tmp_path / "short").write_text("short")
    assert "shorter than" in refused(history.place, "--password-file", str(tmp_path / "short"))
    (tmp_path / "empty").write_text("\n")
    assert "is empty" in refused(history.place, "--password-file", str(tmp_path / "empty"))
    assert "cannot be read" in refused(history.place, "--password-file", str(tmp_path / "none"))
    assert "`keyfile` is set" in refused(history.place, "--keyfile", "key.pem")


def test_a_password_of_a_database_is_refused_on_the_command_line(history: WrittenHistory) -> None:
    said = refused(history.place, "--store", "postgresql://me:secret@127.0.0.1/runs")
    assert "ITERABLE_RUNS_STORE" in said
    assert "secret" not in said


def test_the_command_serves_with_the_password_of_the_environment_and_ends_well_when_asked(
    history: WrittenHistory,
) -> None:
    command = [str(Path(sys.executable).with_name("iterable-runs")), "serve", "--port", "0"]
    variables = {"ITERABLE_RUNS_STORE": history.place, "ITERABLE_RUNS_PASSWORD": PASSWORD}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}) as process:
        assert process.stdout is not None
        page = Page(process.stdout.readline().removeprefix("Runs are shown on ").strip())
        assert page.get("/").status_code == 401
        assert page.get("/", auth=("ann", PASSWORD)).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
