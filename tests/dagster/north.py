"""The definitions of the project of the tests, for processes of their own: `dagster ... -f tests/dagster/north.py`."""

from __future__ import annotations

from tests.dagster.projects import definitions

defs = definitions()
