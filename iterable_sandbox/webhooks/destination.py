"""Destination of a request: URL with merge tags, Authorization, and headers."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from iterable_api.serving.listening import is_loopback
from iterable_sandbox.rules.settings import Settings

MERGE_TAGS: Final = (
    "campaignId",
    "campaignName",
    "templateId",
    "templateName",
    "channelId",
    "workflowId",
    "workflowName",
    "experimentId",
    "messageTypeId",
)
"""Names that an endpoint may have in double braces."""

_TAG: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_USER_AGENT: Final = "iterable-sandbox"
"""Iterable's own User-Agent is not known."""

_BASIC: Final[Mapping[str, Callable[[str], str]]] = {
    "bare": lambda token: token,
    "prefixed": lambda token: f"Basic {token}",
    "encoded": lambda token: f"Basic {b64encode(token.encode()).decode()}",
}


def endpoint_problem(endpoint: str, settings: Settings) -> str | None:
    """Return why an endpoint is refused: it is no HTTP URL, or wants plain HTTP against `webhook_plain_http`."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "no URL"
    if parts.scheme == "https" and host:
        return None
    plain = settings.webhook_plain_http
    if parts.scheme == "http" and host and (plain == "allow" or (plain == "loopback" and is_loopback(host))):
        return None
    return "a webhook must go to an https:// URL; http:// only to this machine"


def fill_merge_tags(endpoint: str, tags: Mapping[str, Any]) -> str:
    """Return the URL with values for merge tags, URL-encoded. A tag without a value, or an unknown one, is empty."""

    def value(tag: re.Match[str]) -> str:
        found = tags.get(tag[1])
        return "" if found is None else quote(str(found), safe="")

    return _TAG.sub(value, endpoint)


def request_headers(webhook: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """Return the headers of a request. The webhook's own headers replace others of the same name."""
    head = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}
    token = webhook.get("authToken") or ""
    if webhook["authType"] == "OAuth2":
        head["Authorization"] = f"OAuth2 {token}"
    elif webhook["authType"] == "Basic":
        head["Authorization"] = _BASIC[settings.webhook_basic_auth](token)
    own = {header["key"]: header["value"] for header in webhook.get("headers") or ()}
    taken = {name.lower() for name in own}
    return {name: value for name, value in head.items() if name.lower() not in taken} | own
