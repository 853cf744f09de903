"""The page that lists every stream, made from the streams."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from iterable_api.waiting.retry_policy import EXPORT_FILE, WINDOW_WITHOUT_ROWS
from tap_iterable.event_streams.exports import ExportStream
from tap_iterable.reporting.request_costs import in_words, limits_of
from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable
from tools.generated import ROOT

PAGE: Final = ROOT / "docs" / "streams.md"

_HEAD: Final = """# Streams

Made from the code by `make docs`.

## Costly streams

Some streams take a request for each list, template, key or user, or a request of which Iterable allows few: the members
of 500 lists take an hour and 40 minutes. They are called costly, and are read only if they are named:

```yaml
config:
  costly_streams: [list_users, experiment_*]
```

- The names are those below, or globs. A name that fits no costly stream is refused.
- With a catalog, a costly stream must also be selected in it. Meltano always gives a catalog, and selects everything
  unless `select` says otherwise; the definition in `plugins/` has a `select` that leaves out costly streams, which
  `meltano add` keeps if it finds the definition on a Hub, and loses with `--from-ref`. So look at
  `meltano select tap-iterable --list` if a named stream is not read; the log says it, too. Without a catalog, what is
  named is selected, and discovery tells so as `selected-by-default`.
- One that is selected and not named is left out. A warning gives its name and its cost. If nothing else is selected,
  the run fails.
- What is named is announced before anything is read, with its cost and limit; and again when its turn comes, with the
  number of requests and how long they take under the limit, as far as that is known by then.
- `--discover`, `--test` and `--test=schema` read no stream, so they make none of these requests.

## Limits, bookmarks

Limits are Iterable's. One limiter keeps them for all streams, so two streams that share an endpoint share its
limit. Endpoints without a documented limit are called one request after the other.

Streams without a bookmark are read whole each time ("full table"). The bookmark of an export is the end of the
last window that was read whole.

## Keys

- Not every event has an id, so `recordId` is a hash of everything that Iterable sent. Rows that differ in
  anything have different keys; a row that is read twice has the same key.
- `campaign_metrics` and `experiment_metrics` have the start of the range in their key, 1970-01-01 for a lifetime.
  With `metrics_days`, each day has a row; a later run replaces it with the opens and clicks that have come since.
  Metrics are in an object under Iterable's own titles. The titles depend on the medium, and new ones may appear.
- Rows of `experiment_trends` have the start of the period and the metric in their key. The users who get nothing
  (holdout) are the variant -1. The streams of experiments read endpoints that are known from Iterable's own client of
  September 2026 alone. Where a project does not have them, the streams are left out with a warning, and
  `experiment_metrics` asks about all e-mail campaigns in place of all experiments.
- The key of `experiment_metrics` is the experiment, the template and `rowNumber`, which is 1 unless variants share a
  template. The titles of its columns are those of a recorded answer of 2017; a schema of 2026 has the same ones.
- The key of `list_users` is the list and the member: the address or the userId, depending on the project type.
  Iterable lists one identifier of each member and no second one. In hybrid projects it is asked for the userId: a row
  has that in `userId`, or the address in `email` where the user has no userId, and never both. For the address of each
  member, join `users`, which has both: on `userId`, and on `email` where that is null.

## Events by webhook, and the names of other systems

- With `webhook_store`, the tap also reads what a receiver of webhooks has stored: a stream for each event that has a
  webhook, called `webhook_` and the name of the export stream (`webhook_email_open`), and one for each other name that
  has arrived. It has the columns of the export stream, those that webhooks alone have (`campaignName`, `emailSubject`,
  …), and `receivedAt`; [webhooks.md](webhooks.md) has more.
- `eventKey` is the same in the row of an export and in that of a webhook of the same event, so SQL can join them.
- With `event_shape: segment`, events are in Segment's collections (`email_opened`, …) and in `tracks`; with
  `event_shape: heap`, in the one stream `heap_events`. [migrating.md](migrating.md) has both. The streams below are
  those of `event_shape: iterable`, which is the default.

## Names of fields

- Columns have the names under which Iterable stores a field. Where an app reports an event under other names, the
  columns are those of the stored event: `embeddedButtonId`, not `buttonIdentifier`;
  `embeddedImpressionDisplayCount`, not `displayCount`. One such event is published (`embeddedClick`). The others, and
  the fields of `journey_exit`, are known from a schema of system webhooks; that exports use the same names is an
  inference. A field under any other name is in `dataFields`, so nothing is lost if it is wrong.
- The `messageId` of an embedded message has the address in it. Treat it as personal data.
- `errorCode` is text, whether Iterable sends a number or a text.

## When something cannot be read

- A stream that the key may not read fails the run, or is left out and named in the log with `skip_forbidden`.
- Lists, experiments, users of `user_events` and `sent_messages`, and batches of metrics that Iterable does not send are
  named in the log, counted in the metric `missing_piece_count` and left out. All other streams are read and their
  state is written; then the run fails, because rows are missing.
- An answer of 200 without rows (a page, an error of Iterable's, `{}`, `[]`, `null`) is never taken for an empty
  stream or for malformed lines. Windows are tried WINDOWS times and files of export jobs FILES times; then the run
  fails and says what came, and state has not moved past them. An empty answer is a window without rows.

## Catalogs of other programs

- A catalog decides which streams and columns are read, and whether a stream is read whole (`FULL_TABLE`). Everything
  else is the stream's own: its name, its key, the field of its bookmark, and the types of its columns. What a catalog
  says otherwise has no effect, and a warning tells it. So a catalog of an earlier release cannot lose columns, and one
  without keys does not make loaders append every row again.
- The selection may be in the metadata, or as the first Singer taps had it: `selected` in the schema or in the entry.
- A catalog may describe a column in more detail: with the names in `dataFields`, say, so that it can be flattened.
- Arrays have `items` in every schema. Records lack columns for which Iterable sent nothing; with `absent_as_null` each
  has all of its schema, in its order.

## State

- `--state` takes the state of an earlier run, also as `meltano state get` prints it, or as a whole STATE message.
  A bookmark is a day, or a moment in ISO 8601, long or compact; without a time zone it is UTC. A number of seconds or
  milliseconds since 1970 is read, too, where it is in the years from 2000 to 2099. Anything else is refused with its
  stream and value, and so are a file without bookmarks, and entries that a run never leaves so.
- A warning names bookmarks that have no use, such as those of streams that the tap does not have; a bookmark in the
  future; an `end_date` before the bookmark; and a `start_date` after it. A run that selects no stream fails.
- An interrupted run of `list_users` continues after its last list, if the next run is to read the same lists. The
  entry `resume` identifies the run by its start. It has the last list and the lists before it that failed, however
  many lists there are; when the run has finished, `done` says so. `export_jobs` has the jobs of an interrupted run,
  and is empty afterwards. Both entries are always written, so states of several runs can be merged (`--merge-state`).
  A `last_list_id` outside `resume`, which the first versions left, is not used: all lists are read.
"""
_COLUMNS: Final = ("stream", "what", "key", "replication", "endpoints and limits", "cost", "by default")


def files() -> dict[Path, str]:
    """The page."""
    tap = TapIterable(config={"api_key": "none", "start_date": "2026-01-01"}, setup_mapper=False)
    streams = [stream for stream in tap.streams.values() if isinstance(stream, IterableStream)]
    exports = [stream for stream in streams if isinstance(stream, ExportStream)]
    others = [stream for stream in streams if stream not in exports]
    tables = [*_table("What describes the project", others), *_table("Exports", exports)]
    head = _HEAD.replace("WINDOWS", str(WINDOW_WITHOUT_ROWS.attempts)).replace("FILES", str(EXPORT_FILE.attempts))
    return {PAGE: "\n".join([head, *tables])}


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
        "only if `costly_streams` names it" if stream.is_costly else "yes",
    ]


def _endpoint(path: str) -> str:
    limits = ", ".join(map(in_words, limits_of(path)))
    return f"`{path}` ({limits})" if limits else f"`{path}`"
