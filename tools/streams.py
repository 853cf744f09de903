"""The page that lists every stream, made from the streams."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, MINUTE, SECOND, Limit
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.streams.exports import ExportStream
from tap_iterable.tap import TapIterable
from tools.generated import ROOT

PAGE: Final = ROOT / "docs" / "streams.md"

_HEAD: Final = """# Streams

Made from the code by `make docs`.

Streams that are not selected by default cost much; the reason is in their description. Meltano selects
everything unless it is told otherwise, so the definition in `plugins/` names them in its `select`.

Limits are Iterable's. One limiter keeps them for all streams, so two streams that share an endpoint share its
limit. Endpoints without a documented limit are called one request after the other.

Streams without a bookmark are read whole each time ("full table"). The bookmark of an export is the end of the
last window that was read whole.

## Keys

- Events have no id that always exists, so `recordId` is a hash of all that Iterable sent. Rows that differ in
  anything have different keys; a row that is read twice has the same.
- `campaign_metrics` and `experiment_metrics` have the start of the range in their key, 1970-01-01 for a lifetime.
  With `metrics_days`, each day has a row; a later run replaces it, with the opens and clicks that came since.
  Metrics are in an object by Iterable's own titles: which there are depends on the medium, and new ones come.
- A variant of an experiment is identified by a hash of all ids in its line, since Iterable does not document how
  these columns are called.
- `list_users` has the list and the member as Iterable names it, which depends on the project type.

## When something cannot be read

- A stream that the key may not read fails the run, or with `skip_forbidden` is left out and named in the log.
- Lists, users of `user_events` and batches of metrics that Iterable does not send are named in the log, counted
  in the metric `missing_piece_count` and left out. All other streams are read and their state is written; then
  the run fails, because rows are missing.
- An answer of 200 that is no answer (a page, an error of Iterable's, `{}`, `[]`, `null`) is never taken for an empty
  stream or for malformed lines. Windows are asked for three times and files of export jobs four times; then the run
  fails with what came, and state has not moved past them. An empty answer is a window without rows.

## State

- `--state` takes what an earlier run left, also in the wrapping of `meltano state get` or as a whole STATE message.
  A bookmark is a day, or a moment in ISO 8601, long or compact; without a zone it is UTC. Anything else is refused
  with its stream and value, as is a file that holds no bookmarks.
- Warned of are bookmarks that are of no use, such as those of streams that the tap does not have; a bookmark in the
  future; an `end_date` before the bookmark, or a `start_date` after it. A run that selects no stream fails.
- An interrupted run of `list_users` goes on after its last list, if it is to read the same lists. The entry `resume`
  names the run by its beginning, and has the last list and those before it that failed, however many lists there
  are; when the run has come to its end, it says so in `done`. `export_jobs` has the jobs of an interrupted run, and
  is empty afterwards. Both are always written, so states of several runs can be merged (`--merge-state`). A
  `last_list_id` outside `resume`, which the first versions left, is not used: all lists are read.
"""
_COLUMNS: Final = ("stream", "what", "key", "replication", "endpoints and limits", "cost", "by default")
_PERIODS: Final = {SECOND: "second", MINUTE: "minute", DAY: "day"}


def files() -> dict[Path, str]:
    """The page."""
    tap = TapIterable(config={"api_key": "none", "start_date": "2026-01-01"}, setup_mapper=False)
    streams = [stream for stream in tap.streams.values() if isinstance(stream, IterableStream)]
    exports = [stream for stream in streams if isinstance(stream, ExportStream)]
    others = [stream for stream in streams if stream not in exports]
    tables = [*_table("What describes the project", others), *_table("Exports", exports)]
    return {PAGE: "\n".join([_HEAD, *tables])}


def _table(title: str, streams: Iterable[IterableStream]) -> list[str]:
    head = [f"## {title}", "", _row(_COLUMNS), _row("---" for _ in _COLUMNS)]
    return [*head, *(_row(_cells(stream)) for stream in streams), ""]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(stream: IterableStream) -> list[str]:
    replication = f"by `{stream.replication_key}`" if stream.replication_key else "full table"
    return [
        f"`{stream.name}`",
        stream.schema["description"],
        ", ".join(f"`{key}`" for key in stream.primary_keys),
        replication,
        "<br>".join(_endpoint(path) for path in stream.endpoints),
        stream.cost,
        "yes" if stream.selected_by_default else "no",
    ]


def _endpoint(path: str) -> str:
    rows = (facts for facts in ENDPOINTS.values() if facts.path == path)
    limits = ", ".join(dict.fromkeys(_limit(limit) for facts in rows for limit in facts.limits))
    return f"`{path}` ({limits})" if limits else f"`{path}`"


def _limit(limit: Limit) -> str:
    return f"{limit.count} a {_PERIODS[limit.seconds]} per {limit.scope}"
