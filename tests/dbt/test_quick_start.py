"""The quick start of docs/models.md, run as it stands there; only the package comes from this folder."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from demo.models import PACKAGE
from tests.dbt.loaded_project import LoadedProject
from tools.generated import ROOT

pytestmark = pytest.mark.more

(CHAPTER,) = re.findall(
    r"^## Quick start\n(.*?)^## ", (ROOT / "docs" / "models.md").read_text(), re.MULTILINE | re.DOTALL
)
BLOCKS: Final[list[tuple[str, str]]] = re.findall(r"^```(\w+)\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)
FILES: Final = re.findall(r"^`(\w+\.yml)`", CHAPTER, re.MULTILINE)


def test_the_quick_start_makes_the_models(project: LoadedProject, tmp_path: Path) -> None:
    (_, install), *files, (_, build) = BLOCKS
    assert [language for language, _ in files] == ["yaml"] * len(FILES)
    for name, (_, text) in zip(FILES, files, strict=True):
        (tmp_path / name).write_text(text)
    packages, clone = (tmp_path / "packages.yml").read_text(), "PATH/TO/singer-iterable/dbt"
    assert clone in packages
    (tmp_path / "packages.yml").write_text(packages.replace(clone, str(PACKAGE)))
    environment = {
        **os.environ,
        "PGHOST": project.postgres.folder,
        "PGUSER": "postgres",
        "PGPASSWORD": "postgres",
        "PGDATABASE": "postgres",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    for commands in (install, build):
        ended = subprocess.run(  # noqa: S602 (the commands of the page)
            f"set -e\n{commands}",
            shell=True,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
    assert project.rows("select count(*) from models.iterable_users") == [200]


def test_the_environment_of_the_page_is_that_of_the_tests() -> None:
    wanted = set(re.findall(r'"(dbt-[^"]+)"', BLOCKS[0][1]))
    lines = (PACKAGE / "requirements.txt").read_text().splitlines()
    assert wanted == {line for line in lines if not line.startswith("#")}
