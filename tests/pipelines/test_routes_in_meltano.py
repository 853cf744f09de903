"""Routes as users write them into `meltano.yml`, through Meltano itself: it loses nulls, so none may be needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import MeltanoProject
from tests.target.loading import STATE, Contents, Message, stream
from tools.definitions import PROJECT
from tools.generated import ROOT

ANN, BOB = "ann@example.com", "bob@example.com"
CUSTOMERS = [
    {"id": n, "email": email, "plan": "gold", "updated_at": "2026-11-28", "note": "x", "score_a": n}
    for n, email in enumerate((ANN, BOB))
]
AT = "2026-11-28T10:00:00Z"


class Run:
    """A Meltano project whose tap says what a test wants, and the sandbox that its target writes into."""

    def __init__(self, folder: Path, sandbox: Sandbox, holds: Contents) -> None:
        self.holds = holds
        self._folder = folder
        self._project = MeltanoProject(
            folder,
            TARGET_ITERABLE_API_KEY=sandbox.api_key,
            TARGET_ITERABLE_API_URL=sandbox.url,
            TARGET_ITERABLE_ENFORCE_RATE_LIMITS="false",
        )

    def config(self, **config: Any) -> dict[str, Any]:
        """What Meltano makes of the `config` of the target."""
        self._write(config)
        return dict(json.loads(self._project.meltano("config", "print", "target-iterable")))

    def __call__(self, messages: list[Message], **config: Any) -> dict[str, Any]:
        """Run with these settings in `meltano.yml`; the summary by stream."""
        self._write({**config, "summary_path": "summary.json"})
        lines = [json.dumps(message) for message in [*messages, {"type": "STATE", "value": STATE}]]
        (self._folder / "messages.jsonl").write_text("".join(f"{line}\n" for line in lines))
        self._project.meltano("run", "tap-lines", "target-iterable")
        return dict(json.loads((self._folder / "summary.json").read_text())["streams"])

    def _write(self, config: dict[str, Any]) -> None:
        yaml = YAML()
        project = yaml.load(PROJECT.read_text())
        (target,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == "target-iterable")
        target["config"] = config
        tap = {"name": "tap-lines", "namespace": "tap_lines", "executable": str(self._folder / "tap-lines")}
        plugins = {"extractors": [tap], "loaders": [target]}
        new = {name: project[name] for name in ("default_environment", "environments")} | {"plugins": plugins}
        yaml.dump(new, self._folder / "meltano.yml")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    tap = tmp_path / "tap-lines"
    tap.write_text(f"#!{sys.executable}\nprint(open({str(tmp_path / 'messages.jsonl')!r}).read(), end='')\n")
    tap.chmod(0o700)
    with Sandbox() as sandbox:
        client = IterableClient(sandbox.api_key, api_url=sandbox.url, limiter=Unlimited())
        yield Run(tmp_path, sandbox, Contents(client))
        client.close()


@pytest.mark.more
def test_meltano_loses_nulls_and_keeps_the_forms_without(run: Run) -> None:
    with_nulls = run.config(
        streams={
            "a": {"object": "users", "fields": {"x": None}},
            "b": {"object": "users", "fields": {"x": None, "y": "z"}},
        },
        stream_maps={"a": {"x": None, "y": "y"}},
    )
    assert with_nulls["streams"] == {"a": {"object": "users"}, "b": {"object": "users", "fields": {"y": "z"}}}
    assert with_nulls["stream_maps"] == {"a": {"y": "y"}}
    routes = {"a": {"object": "users", "drop": ["x", "score.*"], "keep_only": ["y"]}}
    maps = {"a": {"x": "__NULL__", "__else__": "__NULL__"}, "b": "__NULL__"}
    without = run.config(streams=routes, stream_maps=maps)
    assert (without["streams"], without["stream_maps"]) == (routes, maps)


@pytest.mark.more
@pytest.mark.parametrize(
    ("settings", "new"),
    [
        ({"streams": {"crm": {"object": "users", "drop": ["id", "updated_at", "n*", "score_*"]}}}, {"plan"}),
        ({"streams": {"crm": {"object": "users", "keep_only": ["email", "plan"]}}}, {"plan"}),
        (
            {
                "streams": {"crm": {"object": "users", "fields": {"plan": "level"}}},
                "stream_maps": {"crm": {"updated_at": "__NULL__", "note": "__NULL__", "score_a": "__NULL__"}},
            },
            {"level", "id"},
        ),
    ],
)
def test_only_the_columns_that_meltano_yml_names_become_fields(
    run: Run, settings: dict[str, Any], new: set[str]
) -> None:
    before = run.holds.field_types().keys()
    assert run(stream("crm", CUSTOMERS), **settings)["crm"]["written"] == 2
    assert run.holds.field_types().keys() - before == new


@pytest.mark.more
def test_a_row_that_a_log_based_tap_calls_deleted_leaves_the_list(run: Run) -> None:
    schema, *records = stream("crm", [{"email": ANN}, {"email": BOB}], ["email"])
    schema["schema"] = {
        "type": "object",
        "required": ["email", "plan"],
        "properties": {
            "email": {"type": "string"},
            "plan": {"type": "string"},
            "_sdc_deleted_at": {"type": ["string", "null"], "format": "date-time"},
            "_sdc_lsn": {"type": ["integer", "null"]},
        },
    }
    for record in records:
        record["record"] |= {"plan": "gold", "_sdc_deleted_at": None, "_sdc_lsn": 1}
    gone = {"type": "RECORD", "stream": "crm", "record": {"email": ANN, "_sdc_deleted_at": AT, "_sdc_lsn": 2}}
    route = {"object": "list_members", "list": "VIP", "drop": ["plan"]}
    done = run([schema, *records, gone], streams={"crm": route})["crm"]
    assert (done["reasons"], run.holds.members("VIP")) == ({"deletedRow": 1}, {ANN, BOB})
    done = run([schema, gone], streams={"crm": {**route, "on_deleted": "remove"}})["crm"]
    assert (done["deleted"], run.holds.members("VIP")) == ({"removed": 1}, {BOB})


def nulls(value: Any, path: str = "") -> list[str]:
    """Where a document has nulls."""
    if isinstance(value, dict):
        return [place for name, member in value.items() for place in nulls(member, f"{path}.{name}")]
    if isinstance(value, list):
        return [place for item in value for place in nulls(item, path)]
    return [path] if value is None else []


def test_nothing_that_we_show_needs_a_null() -> None:
    yaml = YAML(typ="safe")
    files = [PROJECT, *ROOT.glob("examples/*/meltano.yml"), *ROOT.glob("plugins/*/*.yml")]
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/README.md")]
    texts = {str(path): path.read_text() for path in files}
    for path in pages:
        for number, part in enumerate(path.read_text().split("```yaml\n")[1:]):
            texts[f"{path} {number}"] = part.partition("```")[0]
    assert len(texts) > len(files) + 3
    assert {place: found for place, text in texts.items() if (found := nulls(yaml.load(text)))} == {}
