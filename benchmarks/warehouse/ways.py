"""The ways from the sandbox into a database. Each is a line for the shell."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from benchmarks.subjects.taps import PROGRAM, catalog
from benchmarks.warehouse import parquet_files
from benchmarks.warehouse.content import STREAMS, Naming
from benchmarks.warehouse.databases import SCHEMA, Database
from iterable_sandbox.server import Sandbox
from tools.definitions import PROJECT

_DLT_PIPELINE: Final = Path(__file__).with_name("dlt_pipeline.py")
_TARGET: Final = Path(sys.executable).with_name("target-postgres")
_PERIOD: Final = {"start_date": "2026-08-01T00:00:00Z", "end_date": "2026-11-02T00:00:00Z"}
_EXCEPTED: Final = {"default_target_schema"}
"""Of the settings in `meltano.yml`: the bench has a schema of its own."""


@dataclass(frozen=True)
class Place:
    """Where one run takes place: from a sandbox into a database that holds nothing yet, in an empty folder."""

    sandbox: Sandbox
    database: Database
    folder: Path

    def keep(self, name: str, content: Any) -> str:
        """Write a file with JSON for a command that runs here; its name."""
        (self.folder / name).write_text(json.dumps(content))
        return name


@dataclass(frozen=True)
class Way:
    """One of the ways.

    Attributes:
        line: prepares a run, and returns the line for the shell.
        naming: of its columns.
    """

    line: Callable[[Place], str]
    naming: Naming = str


def shipped() -> dict[str, Any]:
    """The settings of target-postgres in the `meltano.yml` of this repository."""
    loaders = YAML(typ="safe").load(PROJECT)["plugins"]["loaders"]
    [config] = [loader["config"] for loader in loaders if loader["name"] == "target-postgres"]
    return {name: value for name, value in config.items() if name not in _EXCEPTED}


def _tap(place: Place, **settings: Any) -> str:
    config = {
        "api_key": place.sandbox.api_key,
        "api_url": place.sandbox.url,
        "enforce_rate_limits": False,
        "run_history": "",
        **_PERIOD,
        **settings,
    }
    files = ("--config", place.keep("tap.json", config))
    return shlex.join([*PROGRAM, *files, "--catalog", place.keep("catalog.json", catalog(config, STREAMS))])


def _files(place: Place, form: str, **encoding: str) -> dict[str, Any]:
    """`batch_config` for files in the folder of the run, of the size that `docs/loaders.md` recommends."""
    storage = {"root": f"file://{place.folder}", "prefix": "rows-"}
    return {"encoding": {"format": form, **encoding}, "storage": storage, "batch_size": 100_000}


def _postgres(place: Place, **settings: Any) -> str:
    """target-postgres as it is shipped, but for these settings."""
    url = place.database.address.replace("postgresql:", "postgresql+psycopg:")
    config = {"sqlalchemy_url": url, "default_target_schema": SCHEMA, **shipped(), **settings}
    return shlex.join([str(_TARGET), "--config", place.keep("target.json", config)])


def _through_postgres(place: Place, **settings: Any) -> str:
    return f"{_tap(place)} | {_postgres(place, **settings)}"


def _json_lines(place: Place) -> str:
    files = _files(place, "jsonl", compression="gzip")
    return f"{_tap(place, batch_config=files)} | {_postgres(place)}"


def _pipelinewise(commands: Path, place: Place) -> str:
    host = place.database.address.partition("?host=")[2]
    login = {"user": "postgres", "password": "postgres"}
    config = {"host": host, "port": 5432, "dbname": "postgres", "default_target_schema": SCHEMA, **login}
    loader = shlex.join([str(commands / "target-postgres"), "--config", place.keep("target.json", config)])
    return f"{_tap(place)} | {loader}"


def _parquet(place: Place) -> str:
    loader = shlex.join([sys.executable, parquet_files.__file__, place.database.address, SCHEMA])
    return f"{_tap(place, batch_config=_files(place, 'parquet'))} | {loader}"


def _dlt(commands: Path, rows: str, files: str, place: Place) -> str:
    source = (place.sandbox.url, place.sandbox.api_key, *STREAMS.values())
    destination = (place.database.name, place.database.address)
    return shlex.join([str(commands / "python"), str(_DLT_PIPELINE), rows, files, *destination, *source])


def _snake_case(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


def into_postgres(dlt: Path, pipelinewise: Path) -> Mapping[str, Way]:
    """The ways into PostgreSQL, ours first; the commands of the others are in these folders."""
    return {
        "tap-iterable, target-postgres as in meltano.yml": Way(_through_postgres),
        "the same, validate_records": Way(partial(_through_postgres, validate_records=True)),
        "the same, batch_size_rows 50,000": Way(partial(_through_postgres, batch_size_rows=50_000)),
        "the same, no add_record_metadata": Way(
            partial(_through_postgres, add_record_metadata=False, activate_version=False)
        ),
        "the same, from BATCH files (JSON lines)": Way(_json_lines),
        "tap-iterable, pipelinewise-target-postgres": Way(partial(_pipelinewise, pipelinewise), str.lower),
        "dlt, rows, insert statements": Way(partial(_dlt, dlt, "rows", "insert_values"), _snake_case),
        "dlt, rows, CSV": Way(partial(_dlt, dlt, "rows", "csv"), _snake_case),
        "dlt, Arrow, CSV": Way(partial(_dlt, dlt, "arrow", "csv"), _snake_case),
        "dlt, Arrow, Parquet by ADBC": Way(partial(_dlt, dlt, "arrow", "parquet"), _snake_case),
    }


def into_duckdb(dlt: Path) -> Mapping[str, Way]:
    """The ways into DuckDB, ours first; dlt is in this folder."""
    return {
        "tap-iterable's Parquet files, one statement": Way(_parquet),
        "dlt, rows, Parquet": Way(partial(_dlt, dlt, "rows", "parquet"), _snake_case),
        "dlt, Arrow, Parquet": Way(partial(_dlt, dlt, "arrow", "parquet"), _snake_case),
    }
