"""Endpoints that Iterable's own client calls and the API contract of July 2026 does not have yet.

The source is the npm package `@iterable/api` 0.13.0 of September 2026: what it sends, and the answers that it takes. No
answer was seen. Its limits and the types of keys that may call it are not known: there are no limits here, and keys
for servers only. Whether a second call does harm follows from what the package says of the states of an experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iterable_api.facts.endpoint_facts import EndpointFacts

CLIENT_ENDPOINTS: Final[Mapping[tuple[str, str], EndpointFacts]] = {
    (facts.method, facts.path): facts
    for facts in (
        EndpointFacts("GET", "/api/experiments"),
        EndpointFacts("POST", "/api/experiments", repeatable=False),
        EndpointFacts("GET", "/api/experiments/{experimentId}"),
        EndpointFacts("POST", "/api/experiments/{experimentId}/cancel", repeatable=False),
        EndpointFacts("POST", "/api/experiments/{experimentId}/delete", repeatable=False),
        EndpointFacts("PATCH", "/api/experiments/{experimentId}/settings"),
        EndpointFacts("POST", "/api/experiments/{experimentId}/start", repeatable=False),
        EndpointFacts("GET", "/api/experiments/{experimentId}/totals"),
        EndpointFacts("GET", "/api/experiments/{experimentId}/trends"),
        EndpointFacts("GET", "/api/experiments/{experimentId}/variants"),
        EndpointFacts("POST", "/api/experiments/{experimentId}/variants", repeatable=False),
        EndpointFacts("POST", "/api/experiments/{experimentId}/winner", repeatable=False),
    )
}
"""By method and path template, in the order of paths."""
