"""Both plugins and the receiver in a Meltano Hub, as after their publication; the Hub is a folder on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable
from tests.pipelines.meltano_project import MeltanoProject
from tools import utility
from tools.definitions import definition

DEFINITIONS: dict[str, dict[str, Any]] = {
    "extractors": definition(TapIterable),
    "loaders": definition(TargetIterable),
    "utilities": utility.definition(),
}
"""By their kinds."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "hub"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for kind, made in DEFINITIONS.items():
            _publish(folder / "plugins" / kind, made, f"{url}/plugins/{kind}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield url
        server.shutdown()
        thread.join()


def _publish(folder: Path, made: dict[str, Any], url: str) -> None:
    folder.mkdir(parents=True)
    variants = {"singer-iterable": {"ref": f"{url}/{made['name']}.json"}}
    entry = {"logo_url": "", "default_variant": "singer-iterable", "variants": variants}
    (folder / "index").write_text(json.dumps({made["name"]: entry}))
    (folder / f"{made['name']}.json").write_text(json.dumps(made))


def test_meltano_adds_both_plugins_and_the_receiver_from_a_hub(hub: str, tmp_path: Path) -> None:
    mine = MeltanoProject.new(tmp_path)
    environment = {"MELTANO_HUB_API_ROOT": hub, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for kind, made in DEFINITIONS.items():
        mine.meltano("add", "--no-install", made["name"], **environment)
        lock = mine.folder / "plugins" / kind / f"{made['name']}--singer-iterable.lock"
        assert [setting["name"] for setting in json.loads(lock.read_text())["settings"]] == [
            setting["name"] for setting in made["settings"]
        ]
