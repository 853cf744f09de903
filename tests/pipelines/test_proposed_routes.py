"""Routes that the target proposes, through Meltano: what it prints is pasted into `meltano.yml`, and run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import MeltanoProject
from tests.target.test_proposals import AUDIENCE, CUSTOMERS, ODD, ORDERS, PRODUCTS, VIEWS, lines_of
from tools.definitions import PROJECT

SOURCE = (*CUSTOMERS, *ORDERS, *VIEWS, *AUDIENCE, *PRODUCTS)
NAME = "target-iterable"


def _project(folder: Path, sandbox: Sandbox) -> MeltanoProject:
    """A project with the target as this repository defines it, and a tap that writes `messages.singer`."""
    tap = folder / "tap-lines"
    tap.write_text(f"#!{sys.executable}\nprint(open({str(folder / 'messages.singer')!r}).read(), end='')\n")
    tap.chmod(0o700)
    yaml = YAML()
    project = yaml.load(PROJECT.read_text())
    (target,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == NAME)
    extractor = {"name": "tap-lines", "namespace": "tap_lines", "executable": str(tap)}
    target["config"] = {"summary_path": "summary.json"}
    plugins = {"extractors": [extractor], "loaders": [target]}
    new = {name: project[name] for name in ("default_environment", "environments")} | {"plugins": plugins}
    yaml.dump(new, folder / "meltano.yml")
    variables = {"API_KEY": sandbox.api_key, "API_URL": sandbox.url, "ENFORCE_RATE_LIMITS": "false"}
    return MeltanoProject(folder, **{f"TARGET_ITERABLE_{name}": value for name, value in variables.items()})


def _paste(project: MeltanoProject, printed: str) -> None:
    """Put what was printed under `config` of the target, as one would in an editor."""
    path = project.folder / "meltano.yml"
    lines = path.read_text().splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.strip() == "summary_path: summary.json")
    indent = " " * (len(lines[place]) - len(lines[place].lstrip()))
    lines[place + 1 : place + 1] = [f"{indent}{line}".rstrip() for line in printed.splitlines()]
    path.write_text("\n".join(lines) + "\n")


def _run(project: MeltanoProject) -> dict[str, Any]:
    project.meltano("run", "tap-lines", NAME)
    return dict(json.loads((project.folder / "summary.json").read_text())["streams"])


@pytest.mark.more
def test_what_the_command_proposes_is_pasted_and_runs(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        project = _project(tmp_path, sandbox)
        (tmp_path / "messages.singer").write_text(lines_of(*SOURCE, *ODD))
        from_file = project.meltano("invoke", f"{NAME}:propose-routes", "--input", "messages.singer")
        from_pipe = project.meltano("invoke", f"{NAME}:propose-routes", stdin=lines_of(*SOURCE, *ODD))
        assert from_file == from_pipe
        assert "# erp-t001w:" in from_file
        _paste(project, from_file)
        (tmp_path / "messages.singer").write_text(lines_of(*SOURCE))
        summary = _run(project)
        assert summary.keys() == {message["stream"] for message in SOURCE}
        assert {name: counts["rejected"] for name, counts in summary.items()} == dict.fromkeys(summary, 0)
