"""The servers that loaders write into and extractors read from, on 127.0.0.1 and for the time of a run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from demo.processes import started
from demo.warehouse import warehouse
from tools.crossed.environments import environment

MOTO: Final = ("moto[server,s3]==5.2.5", "setuptools<80")
KEYS: Final = {"AWS_ACCESS_KEY_ID": "crossed", "AWS_SECRET_ACCESS_KEY": "crossed", "AWS_DEFAULT_REGION": "us-east-1"}
_PATIENCE: Final = 60


class NoServerError(Exception):
    """This machine has no server of the kind."""


class Servers:
    """Servers that are started when they are first asked for. They stop with `stack`; their data stays in `folder`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack

    @cached_property
    def postgres(self) -> str:
        """The folder of the socket of a PostgreSQL."""
        return self._stack.enter_context(warehouse(self._folder / "postgres")).folder

    @cached_property
    def mariadb(self) -> int:
        """The port of a MariaDB with the user `crossed`, whose password is that, too.

        Raises:
            NoServerError: MariaDB is not installed.
        """
        return self._stack.enter_context(_mariadb(self._folder / "mariadb"))

    @cached_property
    def s3(self) -> str:
        """The URL of an S3 that has no data yet."""
        return self._stack.enter_context(_s3(self._folder / "s3.log"))

    @cached_property
    def http(self) -> str:
        """The URL under which the folder's files can be read."""
        return self._stack.enter_context(_http(self._folder))


@contextmanager
def _http(folder: Path) -> Iterator[str]:
    port = _free_port()
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with started(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        _await(port)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _mariadb(folder: Path) -> Iterator[int]:
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        raise NoServerError("MariaDB is not installed")
    port, user = _free_port(), f"--user={os.environ.get('USER', 'root')}"
    if not folder.exists():
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={folder}",
            user,
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, check=True, capture_output=True)  # noqa: S603 (our own command)
    options = ["--no-defaults", f"--datadir={folder}", f"--socket={folder}/socket", user, "--bind-address=127.0.0.1"]
    log = ["--log-bin", "--binlog-format=ROW", "--server-id=1", "--skip-name-resolve"]
    with (
        (folder / "log").open("wb") as out,
        started(["mariadbd", *options, *log, f"--port={port}"], stdout=out, stderr=out),
    ):
        _await(port)
        who = "crossed@'127.0.0.1'"
        users = f"create user if not exists {who} identified by 'crossed'; grant all on *.* to {who}"
        client = ["mariadb", "--no-defaults", f"--socket={folder}/socket", "-uroot", "-e", users]
        subprocess.run(client, check=True)  # noqa: S603 (our own command)
        yield port


@contextmanager
def _s3(log: Path) -> Iterator[str]:
    port = _free_port()
    moto = environment("moto", MOTO) / "bin" / "moto_server"
    with log.open("wb") as out, started([str(moto), "-H", "127.0.0.1", "-p", str(port)], stdout=out, stderr=out):
        _await(port)
        yield f"http://127.0.0.1:{port}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _await(port: int) -> None:
    for _ in range(_PATIENCE * 10):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NoServerError(f"nothing listens on port {port} after {_PATIENCE} seconds; look at its log")
