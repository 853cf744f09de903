"""Both plugins found in a Meltano Hub, as after their publication; the Hub is a folder on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable
from tests.pipelines.meltano_project import MeltanoProject
from tools.definitions import definition

PLUGINS: dict[str, type[TapIterable | TargetIterable]] = {"extractors": TapIterable, "loaders": TargetIterable}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "hub"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for kind, plugin in PLUGINS.items():
            _publish(folder / "plugins" / kind, plugin, f"{url}/plugins/{kind}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield url
        server.shutdown()
        thread.join()


def _publish(folder: Path, plugin: type[TapIterable | TargetIterable], url: str) -> None:
    folder.mkdir(parents=True)
    variants = {"singer-iterable": {"ref": f"{url}/{plugin.name}.json"}}
    entry = {"logo_url": "", "default_variant": "singer-iterable", "variants": variants}
    (folder / "index").write_text(json.dumps({plugin.name: entry}))
    (folder / f"{plugin.name}.json").write_text(json.dumps(definition(plugin)))


def test_meltano_adds_both_plugins_from_a_hub(hub: str, tmp_path: Path) -> None:
    mine = MeltanoProject.new(tmp_path)
    environment = {"MELTANO_HUB_API_ROOT": hub, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for kind, plugin in PLUGINS.items():
        mine.meltano("add", "--no-install", plugin.name, **environment)
        lock = mine.folder / "plugins" / kind / f"{plugin.name}--singer-iterable.lock"
        assert [setting["name"] for setting in json.loads(lock.read_text())["settings"]] == [
            setting["name"] for setting in definition(plugin)["settings"]
        ]
