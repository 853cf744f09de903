"""Receivers in processes of their own, and requests to them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from benchmarks.webhook_sender import SECRET
from iterable_webhooks.store.reader import StoreReader

COMMAND: Final = str(Path(sys.executable).with_name("iterable-webhooks"))
HEADERS: Final = {"X-Webhook-Secret": SECRET}
EVENT: Final = b'{"email": "nobody@example.com", "eventName": "emailOpen", "dataFields": {"campaignId": 0}}'
_TIMEOUT: Final = 60


class Receiver:
    """A receiver that runs.

    Attributes:
        url: where it listens.
        store: the path or URL of its store.
        log: the file of its log.
    """

    def __init__(self, process: subprocess.Popen[str], store: str, log: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self.store = store
        self.log = log
        said = process.stdout.readline()
        assert said.startswith("Receiving webhooks on "), log.read_text()
        self.url = said.split()[-1]

    def post(self, body: bytes = EVENT, path: str = "/", headers: Mapping[str, str] = HEADERS) -> requests.Response:
        return requests.post(f"{self.url}{path}", data=body, headers=dict(headers), timeout=_TIMEOUT)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=_TIMEOUT)

    def bodies(self) -> list[bytes]:
        """The bodies that are stored, in their order."""
        with StoreReader(self.store) as reader:
            return [event.body for batch in reader.read() for event in batch.events]

    def end(self) -> int:
        """Ask it to end, and wait for that; the exit code."""
        self.process.terminate()
        return self.process.wait(_TIMEOUT)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def receiver(
    store: str, log: Path, *options: str, secrets: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Receiver]:
    """A receiver with `SECRET`, or with the variables of `secrets`, on a free port."""
    variables = {"ITERABLE_WEBHOOKS_SECRET": SECRET} if secrets is None else secrets
    environment = {**os.environ, **variables, "ITERABLE_WEBHOOKS_STORE": store}
    command = [COMMAND, "serve", "--port", str(port), *options]
    with (
        log.open("a") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process,
    ):
        try:
            yield Receiver(process, store, log)
        finally:
            process.kill()


def run_command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `iterable-webhooks` to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        env={**os.environ, **variables},
        check=False,
    )


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, which it must within a minute."""
    deadline = time.monotonic() + _TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
