"""Projects that workers share: sandboxes in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from benchmarks.server import serving
from iterable_sandbox.client import SandboxClient
from iterable_sandbox.server import Sandbox

_EXPORT_TIMEOUT_SECONDS: Final = 600


class Project:
    """A project with its documented limits on."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url
        self.api_key = api_key
        self._client = SandboxClient(url, api_key)

    def counts(self) -> dict[str, Any]:
        """Numbers of what it holds, and of refused requests."""
        return self._client.counts()

    def users(self) -> Iterator[dict[str, Any]]:
        """All users, by one export."""
        asked = {"dataTypeName": "user", "range": "All"}
        with requests.get(
            f"{self.url}/api/export/data.json",
            params=asked,
            headers={"Api-Key": self.api_key},
            stream=True,
            timeout=_EXPORT_TIMEOUT_SECONDS,
        ) as answer:
            answer.raise_for_status()
            yield from (json.loads(line) for line in answer.iter_lines() if line)


@contextmanager
def project(database: Path | str = ":memory:") -> Iterator[Project]:
    """An empty project, until the block is left."""
    api_key = token_hex(16)
    with serving(partial(_serve, str(database), api_key)) as server:
        yield Project(server.url, api_key)


def _serve(database: str, api_key: str, pipe: Connection) -> None:
    with Sandbox(api_key=api_key, limits=True, database=database) as sandbox:
        pipe.send(urlsplit(sandbox.url).port)
        Event().wait()
