"""Names of streams that are longer than what a file may be called."""

from __future__ import annotations

import pytest

from tests.target.conftest import Project
from tests.target.loading import stream


def test_a_stream_with_a_name_of_5000_characters_works_with_all_its_files(project: Project) -> None:
    name = "Ü" + "n" * 4998 + "/"
    others = [name + "1", name + "2"]
    route = {"object": "list_members", "mode": "mirror", "list": "VIP", "complete_at_end": True, "max_removals": "100%"}
    first = [{"email": "a@example.com"}, {"email": "b@example.com"}]
    for rows in (first, [*first[:1], {"email": "nobody"}]):
        messages = [message for other in others for message in stream(other, rows, key=["email"])]
        summary = project.load(messages, streams=dict.fromkeys(others, route), on_removals_stopped="warn")
        assert {summary[other]["written"] for other in others} == {len(rows) - (rows is not first)}
    assert len(project.load.refusals) == 2
    assert {len(path.name) < 255 for path in project.load.rejects_directory.iterdir()} == {True}


def test_the_table_of_a_run_stays_readable(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.load(stream("n" * 5000, [{"email": "a@example.com"}]), streams={"n*": {"object": "users"}})
    table = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("stream", "nnn"))]
    assert len(table) == 2
    assert max(map(len, table)) < 300
