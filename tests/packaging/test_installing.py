"""The wheel in an environment of its own, with no extras, on each Python that it says it supports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata, version
from pathlib import Path

import pytest

pytestmark = pytest.mark.more

UV = Path(sys.executable).with_name("uv")
_CLASSIFIER = "Programming Language :: Python :: 3."
VERSIONS = [
    name.rpartition(" ")[2] for name in metadata("singer-iterable").get_all("Classifier", []) if _CLASSIFIER in name
]


def _candidates(python: str) -> Iterator[Path]:
    """Where a Python may be: on the PATH, or among those of pyenv, whose shims do not always lead to them."""
    if sys.version_info[:2] == tuple(map(int, python.split("."))):
        yield Path(sys.executable)
    if found := shutil.which(f"python{python}"):
        yield Path(found)
    root = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from sorted(root.glob(f"versions/{python}.*/bin/python{python}"))


def _works(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False, timeout=60).returncode == 0


@pytest.fixture(scope="module", params=VERSIONS)
def commands(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment with the wheel."""
    python = next(filter(_works, _candidates(request.param)), None)
    if python is None:
        pytest.skip(f"there is no Python {request.param} here")
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([UV, "venv", "--quiet", "--python", python, folder / "venv"], check=True, timeout=60)
    there = folder / "venv" / "bin"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", there / "python", wheel], check=True, timeout=300)
    return there


def _said(command: Path, *arguments: str) -> str:
    ran = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_both_plugins_start_and_describe_themselves(commands: Path) -> None:
    for plugin in ("tap-iterable", "target-iterable"):
        about = json.loads(_said(commands / plugin, "--about", "--format", "json"))
        assert about["version"] == version("singer-iterable")
        assert "api_key" in about["settings"]["properties"]


def test_the_dependencies_agree_with_each_other(commands: Path) -> None:
    subprocess.run([UV, "pip", "check", "--quiet", "--python", commands / "python"], check=True, timeout=60)


@pytest.mark.parametrize("extra", ["sandbox", "webhooks"])
def test_the_sandbox_and_the_receiver_say_which_extra_they_lack(commands: Path, extra: str) -> None:
    ran = subprocess.run([commands / f"iterable-{extra}"], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert f"pip install 'singer-iterable[{extra}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_history_of_runs_is_shown_without_an_extra_and_its_page_says_which_it_lacks(commands: Path) -> None:
    assert "serve" in _said(commands / "iterable-runs", "--help")
    ran = subprocess.run([commands / "iterable-runs", "serve"], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "pip install 'singer-iterable[runs]'" in ran.stderr
    assert "Traceback" not in ran.stderr
