"""Devices and browsers of users that receive push messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.responses import bad_params
from iterable_sandbox.writes import users

MAX_DEVICES: Final = 500
MAX_BROWSERS: Final = 500


def register(project: Project, user: User, device: Mapping[str, Any]) -> None:
    """Add a device, or update the one with the same token; fields that are not sent stay.

    Raises:
        RefusedError: 400 if the user has the maximum number of devices.
    """
    devices = user.profile.get("devices", [])
    known = next((old for old in devices if old["token"] == device["token"]), None)
    others = [old for old in devices if old is not known]
    if len(others) >= MAX_DEVICES:
        raise bad_params(f"A user has at most {MAX_DEVICES} devices")
    user.profile["devices"] = [*others, {**(known or {}), **device}]
    users.save(project, user)


def as_profile_field(device: Mapping[str, Any]) -> dict[str, Any]:
    """Form of a device in a profile. The platform endpoint has the form of Amazon SNS, which Iterable uses."""
    name = uuid5(NAMESPACE_URL, device["token"])
    head = {key: device[key] for key in ("applicationName", "platform", "token")}
    endpoint = f"arn:aws:sns:us-east-1:123456789012:endpoint/{device['platform']}/{device['applicationName']}/{name}"
    return {**(device.get("dataFields") or {}), **head, "platformEndpoint": endpoint, "endpointEnabled": True}


def disable(project: Project, user: User, token: str) -> None:
    """Disable a device: it gets no more push messages."""
    for device in user.profile.get("devices", []):
        if device["token"] == token:
            device["endpointEnabled"] = False
    users.save(project, user)


def register_browser(project: Project, user: User, token: str) -> None:
    """Add the token of a browser, unless the user has it.

    Raises:
        RefusedError: 400 if the user has the maximum number of tokens.
    """
    tokens = [known for known in user.profile.get("browserTokens", []) if known != token]
    if len(tokens) >= MAX_BROWSERS:
        raise bad_params(f"A user has at most {MAX_BROWSERS} browser tokens")
    user.profile["browserTokens"] = [*tokens, token]
    users.save(project, user)
