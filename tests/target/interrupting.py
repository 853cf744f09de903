"""Proxy that sends a signal to a target process at one of its requests, before or after Iterable gets the request.

    with Interrupting.proxy(sandbox.url, 1, Moment.AFTER, signal.SIGKILL) as url:  # at the first request
        config = settings(tmp_path, api_key=sandbox.api_key, api_url=url)
        code, output = Interrupting.run([COMMAND, "--config", config], messages)
    assert code == -signal.SIGKILL

`COMMAND` and `settings` are in `tests/target/test_command_line.py`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, ClassVar

import requests

from tests.target.loading import Message


class Moment(Enum):
    """When the signal comes: before Iterable has the request, or after it has, and before its answer arrives."""

    BEFORE = "before"
    AFTER = "after"


class _Server(ThreadingHTTPServer):
    """A server to which a target can open all its connections at once."""

    request_queue_size = 100


class Interrupting(BaseHTTPRequestHandler):
    """Passes requests on. `prey` is the id of the process that gets the signal."""

    prey: ClassVar[int]
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    upstream: ClassVar[str]
    strike: ClassVar[tuple[int, Moment, signal.Signals]]
    numbers: ClassVar[Iterator[int]]

    @classmethod
    @contextmanager
    def proxy(cls, upstream: str, strike: int, moment: Moment, number: signal.Signals) -> Iterator[str]:
        """The URL of a proxy that interrupts request number `strike`."""
        cls.upstream, cls.strike, cls.numbers = upstream, (strike, moment, number), count(1)
        with _Server(("127.0.0.1", 0), cls) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()

    @classmethod
    def run(cls, command: Sequence[str], messages: Iterable[Message], **environment: str) -> tuple[int, str]:
        """Run a target on `messages`, as the prey; its exit code, and what it has written to its standard output."""
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment or None,
        ) as process:
            cls.prey = process.pid
            out, _ = process.communicate("\n".join(map(json.dumps, messages)))
        return process.returncode, out

    def handle_any(self) -> None:
        """Pass one request on."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        strike, moment, number = self.strike
        struck = next(self.numbers) == strike
        if struck and moment is Moment.BEFORE:
            os.kill(self.prey, number)
            if number is signal.SIGKILL:
                self.close_connection = True
                return
        headers = {name: self.headers[name] for name in ("Api-Key", "Content-Type") if name in self.headers}
        answer = requests.request(self.command, self.upstream + self.path, data=body, headers=headers, timeout=30)
        if struck and moment is Moment.AFTER:
            os.kill(self.prey, number)
        self._give(answer)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (the names that http.server calls)

    def _give(self, answer: requests.Response) -> None:
        try:
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Stay silent."""
