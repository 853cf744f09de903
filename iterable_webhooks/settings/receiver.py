"""Settings of a receiver, and their checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from iterable_api.serving.listening import is_loopback
from iterable_webhooks.store.opening import wrong_store

DEFAULT_PROJECT: Final = "default"
"""The project of a receiver that is told none: all paths lead to it."""
RESERVED: Final = ("health", "metrics", "file", "header")
"""No names of projects: paths of the receiver's own, and ends of variables that are not those of a secret."""
_PROJECT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]+")


class SettingError(ValueError):
    """A setting that the receiver refuses. The text begins with its name and holds no secret."""


@dataclass(frozen=True)
class Settings:
    """The settings of one receiver; `iterable-webhooks serve --help` says what each means.

    Attributes:
        secrets: the secrets that each project takes; its keys are the projects.
        most_rows: rows of one commit. It is no option: the benchmark sets it to 1 for comparison.
    """

    secrets: Mapping[str, tuple[str, ...]]
    store: str
    host: str = "127.0.0.1"
    port: int = 8080
    secret_header: str = "X-Webhook-Secret"  # noqa: S105 (the name of a header)
    no_secret: bool = False
    max_body_kb: int = 1_024
    max_pending_mb: int = 8
    max_connections: int = 1_000
    body_timeout: float = 30
    store_timeout: float = 10
    keep_days: int | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    most_rows: int = 1_000

    @property
    def paths(self) -> bool:
        """Whether each project has a path of its own."""
        return set(self.secrets) != {DEFAULT_PROJECT}

    @property
    def keep(self) -> timedelta | None:
        """How long events are kept that were read; None for ever."""
        return None if self.keep_days is None else timedelta(days=self.keep_days)

    @property
    def lock_timeout(self) -> float:
        """Seconds to wait for a lock of the store.

        Less than a delivery waits, so that one which is answered 503 for a lock is not stored later.
        """
        return self.store_timeout / 2

    def check(self) -> None:
        """Return if a receiver can start with this.

        Raises:
            SettingError: with the first setting that is wrong.
        """
        for problem in (self._wrong_secrets(), wrong_store(self.store), self._wrong_limits(), self._wrong_tls()):
            if problem:
                raise SettingError(problem)

    def _wrong_secrets(self) -> str | None:
        for name in self.secrets:
            if not _PROJECT.fullmatch(name) or name in RESERVED:
                return f"`project` {name!r}: use lower-case letters, digits and `-`, and not {' or '.join(RESERVED)}."
        if not _HEADER.fullmatch(self.secret_header):
            return "`secret-header` is no name of a header."
        if self.no_secret:
            return self._wrong_without_secret()
        without = sorted(name for name, secrets in self.secrets.items() if not secrets)
        if not without:
            return None
        return (
            f"`secret` is not set for the project {without[0]!r}: give one by an environment variable or "
            "`secret-file`. With `--no-secret`, and bound to this machine only, a receiver starts without."
        )

    def _wrong_without_secret(self) -> str | None:
        if any(self.secrets.values()):
            return "`no-secret` is set, and so is a secret: leave one of them out."
        if not is_loopback(self.host):
            return (
                "`no-secret` wants a host of this machine only, such as 127.0.0.1: anyone could post events otherwise."
            )
        return None

    def _wrong_limits(self) -> str | None:
        if self.max_pending_mb * 1_000 < self.max_body_kb * 1.024:
            return "`max-pending-mb` is less than one body of `max-body-kb` takes."
        return None

    def _wrong_tls(self) -> str | None:
        if self.keyfile and not self.certfile:
            return "`keyfile` is set, and `certfile` is not."
        for name, path in (("certfile", self.certfile), ("keyfile", self.keyfile)):
            if path and not path.is_file():
                return f"`{name}` names no file: {str(path)!r}."
        return None


def has_password(place: str) -> bool:
    """Whether the URL of a store or of a limiter has a password in it."""
    try:
        url = urlsplit(place)
    except ValueError:
        return False  # no URL, and refused as such
    return url.password is not None or "password" in parse_qs(url.query)
