"""A server that takes all that a mirror writes and removes, and says so."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Final

from benchmarks.server import Handler, serve

_MARKERS: Final = (b'"email"', b'"name"', b'"A-')
"""What each row of a request has once; the first that a body has counts."""


_USERS: Final = ("/api/users/getByEmail", "/api/users/user")


def serve_mirror(pipe: Connection) -> None:
    """Send the port through the pipe, and serve for ever."""
    serve(pipe, MirrorHandler)


class MirrorHandler(Handler):
    """Counts the rows of each request as written."""

    def do_GET(self) -> None:  # noqa: N802 (the name that http.server calls)
        """Know every user; answer the rest as the base does."""
        if self.path.startswith(_USERS):
            self.answer({"user": {"email": "user@example.com", "dataFields": {}}})
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802 (the name that http.server calls)
        """Take a request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        count = next((found for marker in _MARKERS if (found := body.count(marker))), 0)
        self.answer({"code": "Success", "successCount": count, "failCount": 0})

    do_DELETE = do_PUT = do_POST  # noqa: N815 (the names that http.server calls)
