"""What pages point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.architecture import PACKAGES
from tools.generated import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("examples/*/README.md"))]
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_a_chapter_find_its_heading(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text())
    assert [link for link in links if link[1] not in anchors(page.parent / link[0] if link[0] else page)] == []


def anchors(page: Path) -> set[str]:
    """What GitHub makes of headings."""
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in HEADING.findall(page.read_text())}


def test_files_that_the_architecture_names_are_there() -> None:
    named = set(re.findall(r"`([\w/]+\.(?:py|toml))`", (ROOT / "docs" / "architecture.md").read_text()))
    roots = [ROOT, *(ROOT / package for package in PACKAGES)]
    assert len(named) > 10
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_what_the_glossary_points_at_is_there() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text()
    named = set(re.findall(rf"`((?:{'|'.join(PACKAGES)})[\w/.]*)`", page))
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []
