"""The targets that are measured. Each posts all records of its input to the bulk endpoint of their stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.rows import Load
from benchmarks.subjects import floor_target, usual_target

PROGRAM: Final = (sys.executable, "-c", "from target_iterable.target import TargetIterable; TargetIterable.cli()")


Target = Callable[[str, Load, Path], list[str]]
"""Prepares a run in a folder; the command for it, which reads messages from standard input and posts them to a URL."""


def ours(url: str, _load: Load, folder: Path, *, program: Sequence[str] = PROGRAM, **settings: Any) -> list[str]:
    """`target-iterable` with everything on, the limits excepted: they would measure Iterable."""
    config = {"api_key": "bench", "api_url": url, "enforce_rate_limits": False, **settings}
    (folder / "config.json").write_text(json.dumps(config))
    return [*program, "--config", "config.json"]


def usual(url: str, load: Load, folder: Path) -> list[str]:
    """The SDK's way."""
    (folder / "config.json").write_text(json.dumps({"url": url + load.path, "list_name": load.list_name}))
    return [sys.executable, usual_target.__file__, "--config", "config.json"]


def floor(url: str, load: Load, _folder: Path) -> list[str]:
    """The least there is to do."""
    return [sys.executable, floor_target.__file__, url + load.path, load.list_name]


TARGETS: Final[Mapping[str, Target]] = {"target-iterable": ours, "SDK batch sink as it comes": usual, "floor": floor}
SKIPPING: Final[Mapping[str, Any]] = {"streams": {"users": {"skip_unchanged": True}}}
ROUTED: Final[Target] = partial(ours, streams={"wide_users": {"object": "users"}})
WITH_LEDGER: Final[Target] = partial(ours, **SKIPPING)
"""Every record is new to the ledger, so all of them are sent and remembered. Only users have one."""
WITH_REJECTS: Final[Target] = partial(ours, max_rejects="100%")
ALLOWED_TO_SEND: Final[Target] = partial(ours, allow_messaging=True)
"""Each message is reserved in a ledger before it is sent."""
