"""Catalogs of extractors: asked for, and with streams selected."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from singer_iterable.running.endings import ending_at, environment
from singer_iterable.running.plugins import EXTRACTOR, Command, PrivateFiles
from singer_iterable.running.redaction import Redactor

_SECONDS: Final = 600
_ENDING: Final = "discovery-ending"
_LAST_CHARACTERS: Final = 2_000


class DiscoveryFailedError(Exception):
    """An extractor has given no catalog. The text ends with the end of its log."""


class SettingsRefusedError(DiscoveryFailedError):
    """The same, where another try would come to the same: its settings are wrong, or Iterable says no."""


class NoStreamError(Exception):
    """The extractor has none of the streams."""


def selected(
    catalog: Mapping[str, Any],
    streams: Sequence[str],
    without: Sequence[str] = (),
    metadata: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The catalog with only these streams selected.

    Args:
        catalog: as `--discover` gives it.
        streams: names, or globs such as `email_*`.
        without: names or globs of streams that are left out all the same.
        metadata: name or glob of a stream -> what to add to its metadata.

    Raises:
        NoStreamError: if none is left.
    """
    names = [entry["tap_stream_id"] for entry in catalog["streams"]]
    chosen = {name for name in names if _matches(name, streams) and not _matches(name, without)}
    if not chosen:
        raise NoStreamError(
            f"The extractor has no stream {' or '.join(streams)}. It has: {', '.join(names) or 'none'}."
        )
    added = metadata or {}
    return {
        "streams": [
            _with_metadata(
                entry,
                {
                    **{
                        key: value
                        for name in added
                        if _matches(entry["tap_stream_id"], [name])
                        for key, value in added[name].items()
                    },
                    "selected": entry["tap_stream_id"] in chosen,
                },
            )
            for entry in catalog["streams"]
        ]
    }


def discovered(extractor: Command, files: PrivateFiles, folder: Path, redact: Redactor) -> dict[str, Any]:
    """The catalog of an extractor.

    Raises:
        DiscoveryFailedError: if it gives none.
        SettingsRefusedError: if it would give none the next time, either.
    """
    ended = subprocess.run(  # noqa: S603 (the command is in the definitions)
        [*extractor.line(files, EXTRACTOR), "--discover"],
        cwd=folder,
        env=environment(files.path(_ENDING)),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    try:
        catalog = json.loads(ended.stdout) if ended.returncode == 0 else None
    except ValueError:
        catalog = None
    if not isinstance(catalog, dict) or "streams" not in catalog:
        log = redact(ended.stderr)[-_LAST_CHARACTERS:]
        is_refused = not ending_at(files.path(_ENDING)).is_worth_a_retry(ended.returncode)
        kind = SettingsRefusedError if is_refused else DiscoveryFailedError
        raise kind(f"{extractor.plugin} --discover gave no catalog:\n{log}")
    return catalog


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _with_metadata(entry: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    parts = [dict(part) for part in entry.get("metadata") or () if part["breadcrumb"]]
    of_stream = [part["metadata"] for part in entry.get("metadata") or () if not part["breadcrumb"]]
    merged: dict[str, Any] = {}
    for metadata in (*of_stream, added):
        merged.update(metadata)
    return {**entry, "metadata": [*parts, {"breadcrumb": [], "metadata": merged}]}
