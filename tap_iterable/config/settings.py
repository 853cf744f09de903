"""The tap's settings, as JSON Schema, and the checks that a schema cannot express."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from iterable_api.facts.data_types import DATA_TYPES, unknown_data_type
from iterable_api.plugin.connection_settings import CONNECTION
from iterable_api.storage.paths import folder_problem
from iterable_runs.alerts.settings import alert_settings
from iterable_runs.recording.settings import RUN_HISTORY, history_problems
from tap_iterable.config.batch_settings import BATCH_FILES
from tap_iterable.config.export_settings import EXPORT
from tap_iterable.config.webhook_settings import WEBHOOKS
from tap_iterable.input.costly_streams import SETTING as COSTLY_STREAMS
from tap_iterable.input.costly_streams import unknown_patterns
from tap_iterable.input.dates import parse_date

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["api_key", "start_date"],
    "additionalProperties": False,
    "properties": {
        **CONNECTION,
        "start_date": {
            "type": "string",
            "format": "date-time",
            "title": "Start date",
            "description": "The first moment to read events and user updates from, such as 2026-01-01T00:00:00Z.",
        },
        "end_date": {
            "type": ["string", "null"],
            "format": "date-time",
            "title": "End date",
            "description": "Read up to this moment and not further. By default up to now.",
        },
        "window_days": {
            "type": ["integer", "null"],
            "minimum": 1,
            "title": "Window days",
            "description": "How many days one export request asks for. By default the whole history of a stream, and "
            "where that takes more than a minute or 256 MB, 30 days, and more where little comes. A window that breaks "
            "is halved by itself.",
        },
        **EXPORT,
        "lookback_minutes": {
            "type": "integer",
            "minimum": 0,
            "default": 360,
            "title": "Look-back minutes",
            "description": "How far before the bookmark to read again, since events arrive late. Rows that come twice "
            "have the same key.",
        },
        "hold_back_minutes": {
            "type": "integer",
            "minimum": 0,
            "default": 1,
            "title": "Hold-back minutes",
            "description": "How long before now to stop reading, to give Iterable time to store what it received.",
        },
        "spool_directory": {
            "type": ["string", "null"],
            "title": "Spool directory",
            "description": "A directory for export answers, which are kept on disk until they are complete. By default "
            "the system's temporary directory.",
        },
        "spool_limit_mb": {
            "type": "integer",
            "minimum": 1,
            "default": 10000,
            "title": "Spool limit in MB",
            "description": "How large one export answer may be on disk. A larger one is abandoned and its window "
            "halved.",
        },
        "malformed_directory": {
            "type": "string",
            "default": "malformed",
            "title": "Malformed directory",
            "description": "A directory for lines of exports that are not records, made with the first such line. It "
            "holds personal data: if it is made by a run, it is for its owner only and has a `.gitignore`.",
        },
        COSTLY_STREAMS: {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "title": "Costly streams",
            "description": "Streams to read although they cost many requests, such as list_users: names, or globs such "
            "as experiment_*. One that is selected and not named here is left out with a warning. docs/streams.md says "
            "which ones are costly, and what they cost.",
        },
        "list_ids": {
            "type": "array",
            "items": {"type": "integer"},
            "default": [],
            "title": "List ids",
            "description": "The lists whose members `list_users` reads. By default all of them.",
        },
        "excluded_list_ids": {
            "type": "array",
            "items": {"type": "integer"},
            "default": [],
            "title": "Excluded list ids",
            "description": "Lists whose members `list_users` does not read, such as lists that Iterable fails to send.",
        },
        "metrics_days": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "title": "Metrics days",
            "description": "For how many days, up to today, `campaign_metrics` and `experiment_metrics` have a row per "
            "day. By default one row is for the whole lifetime. Each day costs as many requests as a lifetime.",
        },
        "template_locales": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "title": "Template locales",
            "description": "Locales that `template_contents` asks for beside the default one, such as de-DE. "
            "Iterable lists the locales of a template only if it has a `clientTemplateId`.",
        },
        "user_events_users": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "title": "Users of user_events and sent_messages",
            "description": "The users whose events `user_events` reads, and whose messages `sent_messages` reads: "
            "e-mail addresses, or userIds in projects that identify users by these.",
        },
        "extra_data_types": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9]*$"},
            "default": [],
            "title": "Extra data types",
            "description": "Export data types that this tap does not know yet, as Iterable names them. Each becomes a "
            "stream of events.",
        },
        **WEBHOOKS,
        **BATCH_FILES,
        "typed_user_fields": {
            "type": "boolean",
            "default": False,
            "title": "Typed user fields",
            "description": "Give `users` a column for each field of the project, with the type that Iterable keeps it "
            "in, at the cost of one request for each run. Values of another type, and arrays, stay in `dataFields`.",
        },
        "distinct_columns": {
            "type": "string",
            "enum": ["exact", "lower_case", "snake_case"],
            "default": "exact",
            "title": "Distinct columns",
            "description": "Which columns of `typed_user_fields` the loader tells apart: `exact` all of them; "
            "`lower_case` those that differ in lower case; `snake_case` those that differ in lower case without "
            "underscores. Of fields that it does not tell apart one has the column; the others, and with both of these "
            "also names of more than 63 bytes, stay in `dataFields`, and a warning names them. docs/loaders.md says "
            "which loader needs what.",
        },
        "absent_as_null": {
            "type": "boolean",
            "default": False,
            "title": "Absent as null",
            "description": "Give each record all columns of its schema, in the order of the schema, with null where "
            "Iterable sent nothing: for loaders that take the first record for the header, as those of CSV do.",
        },
        "emit_activate_version_messages": {
            "type": "boolean",
            "default": False,
            "title": "Emit ACTIVATE_VERSION messages",
            "description": "Tell the target, after a stream without a bookmark was read whole, that rows which did not "
            "come again are gone.",
        },
        "skip_forbidden": {
            "type": "boolean",
            "default": False,
            "title": "Skip forbidden streams",
            "description": "Leave out streams that the key may not read, and name them in the log, instead of failing.",
        },
        "max_malformed_percent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 1,
            "title": "Maximum malformed percent",
            "description": "The share of a window's lines that may be malformed; one always may, beside others that "
            "are not. More fails the stream.",
        },
        **RUN_HISTORY,
        **alert_settings("tap-iterable"),
    },
}


def spool_directory(config: Mapping[str, Any]) -> Path | None:
    """The directory for spooled answers; None for the system's temporary directory."""
    return Path(config["spool_directory"]) if config.get("spool_directory") else None


def problems(config: Mapping[str, Any], taken: Collection[str], costly: Collection[str]) -> list[str]:
    """Errors of settings that fit the schema, each with the name of its setting.

    Args:
        config: the settings.
        taken: names of streams that are no exports.
        costly: names of streams that `costly_streams` can name.
    """
    wrong = [_wrong_date(name, config[name]) for name in ("start_date", "end_date") if config.get(name)]
    dates = [problem for problem in wrong if problem] or list(_wrong_range(config))
    return [
        *dates,
        *_known_data_types(config["extra_data_types"], taken),
        *unknown_patterns(config, costly),
        *_wrong_directory(config),
        *history_problems(config),
    ]


def _wrong_directory(config: Mapping[str, Any]) -> Iterator[str]:
    directory = spool_directory(config)
    if directory is not None and not (directory.is_dir() and os.access(directory, os.W_OK | os.X_OK)):
        yield f"`spool_directory` is {str(directory)!r}, which is no folder that we may write into"
    if problem := folder_problem("malformed_directory", config["malformed_directory"]):
        yield problem


def _wrong_range(config: Mapping[str, Any]) -> Iterator[str]:
    start = parse_date(config["start_date"])
    if config.get("end_date") and parse_date(config["end_date"]) <= start:
        yield "`end_date` must be later than `start_date`"
    if start > datetime.now(UTC):
        yield f"`start_date` is {config['start_date']}, which is in the future: there is nothing to read yet"


def _known_data_types(names: Sequence[str], taken: Collection[str]) -> Iterator[str]:
    """Errors for data types that have a stream already. Iterable ignores the case of their names."""
    known = {data_type.name.lower(): data_type.stream for data_type in DATA_TYPES}
    for name in names:
        stream = unknown_data_type(name).stream
        if name.lower() in known:
            yield f"`extra_data_types` names {name}, which is the stream {known[name.lower()]} already"
        elif stream in taken:
            yield f"`extra_data_types` names {name}, but the stream {stream} is something else, and no export"
        known[name.lower()] = stream


def _wrong_date(name: str, text: str) -> str | None:
    try:
        parse_date(text)
    except ValueError:
        return f"`{name}` is {text!r}, which is not a date such as 2026-01-01T00:00:00Z"
    return None
