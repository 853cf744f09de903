"""The routes, one file per family, and the table of them all."""

from __future__ import annotations

from typing import Final

from iterable_sandbox.routes import (
    campaigns,
    catalogs,
    channels,
    events,
    export,
    export_jobs,
    lists,
    templates,
    users,
)
from iterable_sandbox.routes.call import Call, Endpoint

__all__ = ["ENDPOINTS", "Call", "Endpoint"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *export.ENDPOINTS,
    *export_jobs.ENDPOINTS,
    *campaigns.ENDPOINTS,
    *channels.ENDPOINTS,
    *templates.ENDPOINTS,
    *lists.ENDPOINTS,
    *users.ENDPOINTS,
    *events.ENDPOINTS,
    *catalogs.ENDPOINTS,
)
"""Order matters where a path parameter could swallow a name: the name comes first."""
