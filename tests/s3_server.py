"""An S3 in a process of moto, whose dependencies do not go with those of the tests.

with s3_server(tmp_path) as params:
    files = s3fs.S3FileSystem(**params)
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

UV = Path(sys.executable).with_name("uv")


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, Any]]:
    """Install moto in a folder and run it; the arguments of `s3fs.S3FileSystem` that lead there."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True, timeout=60)
    there = folder / "venv" / "bin"
    install: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", there / "python", "moto[server]>=5.1,<6"]
    subprocess.run(install, check=True, timeout=300)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([there / "moto_server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        _wait_for(url, server)
        keys = {"key": "AKIAKEY", "secret": "a-secret"}
        yield {**keys, "client_kwargs": {"endpoint_url": url, "region_name": "eu-west-1"}}
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("moto has not started")
