"""Loopback hosts."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether a host name or an address is that of this machine."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
