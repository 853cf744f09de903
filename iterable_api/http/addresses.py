"""Addresses of the API: the data centres, and the check of another one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

HOSTS: Final[Mapping[str, str]] = {"us": "https://api.iterable.com", "eu": "https://api.eu.iterable.com"}


def base_url(region: str, api_url: str | None) -> str:
    """The address of the API.

    Raises:
        ValueError: naming the setting that is wrong.
    """
    if api_url is None:
        if region not in HOSTS:
            raise ValueError(f"`region` is {region!r}; it must be one of {', '.join(HOSTS)}")
        return HOSTS[region]
    if not _is_base_url(api_url):
        raise ValueError("`api_url` must look like https://host or http://host:port, with no user, query or fragment")
    url, parts = api_url.rstrip("/"), urlsplit(api_url)
    if url.endswith("/api"):
        raise ValueError("`api_url` must be given without the `/api` at its end")
    if parts.scheme == "http" and f".{parts.hostname}".endswith(".iterable.com"):
        raise ValueError("`api_url` must be https:// for a host of Iterable, or the key could be read on its way")
    return url


def _is_base_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and has_host and re.search(r"[@?#\s]", url) is None
