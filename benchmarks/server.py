"""A server that is never the bottleneck: a process of its own, which sends what lies ready and only counts what comes.

`/rows/N` before the path of an export says how many rows it has.
"""

from __future__ import annotations

import json
import multiprocessing
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, Final

from benchmarks.rows import CATALOG, LOADS, export_blocks
from benchmarks.segment.calls import CALLS

_EXPORT: Final = re.compile(r"/rows/(\d+)/api/export/data\.json")
_RECEIVED: Final = "/received"
_PROJECT: Final = {"fields": {}, "params": {"catalogNames": [{"name": CATALOG}], "definedMappings": {}}}
"""What a project without fields answers, whatever it is asked."""
_TAKEN: Final = {load.path: load.marker for load in (*CALLS, *LOADS.values())}


class Server:
    """The running server, as the measuring side sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def received(self) -> int:
        """How many records came since this was last asked."""
        connection = HTTPConnection("127.0.0.1", self._port)
        connection.request("GET", _RECEIVED)
        count = json.loads(connection.getresponse().read())
        connection.close()
        return int(count)


@contextmanager
def serving(serve: Callable[[Connection], None] | None = None) -> Iterator[Server]:
    """A server, or another one that sends its port through the pipe, until the block is left."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve or _serve, args=(there,), daemon=True)
    process.start()
    try:
        yield Server(here.recv())
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    serve(pipe, Handler)


def serve(pipe: Connection, handler: type[Handler]) -> None:
    """Send the port through the pipe, and serve for ever."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    pipe.send(server.server_port)
    server.serve_forever()


class Handler(BaseHTTPRequestHandler):
    """Counts records, and takes all of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    lock = Lock()
    _count = 0

    def do_GET(self) -> None:
        """Send an export, or what has nothing to do with records."""
        path = self.path.partition("?")[0]
        if export := _EXPORT.fullmatch(path):
            self._export(int(export[1]))
        elif path == _RECEIVED:
            self.answer(self._counted())
        else:
            self.answer(_PROJECT)

    def do_POST(self) -> None:
        """Take a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        count = body.count(_TAKEN.get(self.path, b"\x00"))
        with self.lock:
            Handler._count += count
        # A success of any endpoint: single rows and items want the code, bulk endpoints the counts.
        self.answer({"code": "Success", "successCount": count, "failCount": 0})

    def _counted(self) -> int:
        with self.lock:
            count, Handler._count = self._count, 0
        return count

    def _export(self, rows: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for block in export_blocks(rows):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, content: Any) -> None:
        """Send JSON."""
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name in the standard library)
        """Say nothing of single requests."""
