"""Contents and metadata of the distributions."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = (
    "iterable_api",
    "iterable_runs",
    "iterable_sandbox",
    "iterable_webhooks",
    "singer_iterable",
    "tap_iterable",
    "target_iterable",
)
NAME = f"singer_iterable-{version('singer-iterable')}"
BESIDE = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
"""What the source distribution has beside the packages; the build backend adds the last."""


def _of_the_packages() -> set[str]:
    """All files in the folders of the packages."""
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    return message_from_bytes(zipfile.ZipFile(wheel).read(f"{NAME}.dist-info/METADATA"))


def test_the_wheel_holds_the_packages_whole_and_nothing_else(in_wheel: set[str]) -> None:
    assert {name for name in in_wheel if not name.startswith(f"{NAME}.dist-info/")} == _of_the_packages()


def test_the_source_distribution_holds_the_packages_and_what_it_takes_to_build_them(distributions: Path) -> None:
    with tarfile.open(distributions / f"{NAME}.tar.gz") as archive:
        names = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    assert names == _of_the_packages() | BESIDE


def test_types_schemas_and_pages_travel_along(in_wheel: set[str]) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= in_wheel
    assert "tap_iterable/schemas/campaigns.json" in in_wheel
    assert "iterable_sandbox/page/templates/listing.html" in in_wheel
    assert "iterable_api/serving/templates/frame.html" in in_wheel
    assert {f"iterable_api/serving/static/{file}" for file in ("page.css", "page.js", "icon.svg")} <= in_wheel
    assert {f"iterable_runs/page/templates/{file}" for file in ("runs.html", "base.html")} <= in_wheel


def test_the_metadata_tells_what_it_is_and_needs(metadata: Message) -> None:
    assert metadata["Name"] == "singer-iterable"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert str(metadata.get_payload()).startswith("# singer-iterable")
    extras = set(metadata.get_all("Provides-Extra", []))
    assert extras >= {
        "alerts",
        "dagster",
        "faker",
        "opentelemetry",
        "parquet",
        "postgres",
        "redis",
        "runs",
        "sandbox",
        "webhooks",
    }


def test_the_commands_are_the_two_plugins_the_sandbox_the_receiver_and_the_history(wheel: Path) -> None:
    text = zipfile.ZipFile(wheel).read(f"{NAME}.dist-info/entry_points.txt").decode()
    commands = [line.partition(" = ")[0] for line in text.splitlines() if " = " in line]
    assert sorted(commands) == [
        "iterable-runs",
        "iterable-sandbox",
        "iterable-webhooks",
        "tap-iterable",
        "target-iterable",
    ]


def test_the_dependencies_agree_with_each_other() -> None:
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
