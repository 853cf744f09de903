"""The definitions of the project of the tests, for processes of their own: `dagster ... -f tests/dagster/north.py`."""

from __future__ import annotations

import dagster as dg

from tests.dagster.projects import definitions

# A worker is one process here: each takes seconds to start.
defs = dg.Definitions.merge(definitions(), dg.Definitions(executor=dg.in_process_executor))
