"""Loaders and extractors that were tried: the tables of packages, and what is kept of the trials."""

from __future__ import annotations

import json
import re

import pytest

from tools.crossed.packages import packages
from tools.crossed.results import kept

KINDS = ["loaders", "extractors"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_was_tried_as_it_stands(kind: str) -> None:
    rows = packages(kind)
    assert list(kept(kind)) == list(rows)
    assert {name: tuple(seen["install"]) for name, seen in kept(kind).items()} == {
        name: row.install for name, row in rows.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_versions_are_pinned(kind: str) -> None:
    for row in packages(kind).values():
        assert re.search(r"==\d|@ git\+https://.*@[0-9a-f]{40}$", row.install[0]), row.name


@pytest.mark.parametrize("kind", KINDS)
def test_at_least_eight_packages_could_be_run(kind: str) -> None:
    ran = {row.install for name, row in packages(kind).items() if "not_run" not in kept(kind)[name]}
    assert len(ran) >= 8


@pytest.mark.parametrize("kind", KINDS)
def test_results_hold_no_paths_of_the_machine_where_they_were_made(kind: str) -> None:
    assert not re.search(r"/(home|root|tmp|work|Users)/", json.dumps(kept(kind)))
