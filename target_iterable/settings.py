"""The settings of target-iterable. Their titles and descriptions are the documentation."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.settings import CONNECTION

HIDDEN: Final = ("add_record_metadata", "batch_size_rows", "load_method")
"""Settings that the SDK gives to every target, and that mean nothing here: the mode of a route decides how records
are loaded, `max_batch_rows` how many travel together, and `_sdc_*` columns are never written."""

_ROUTE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "object": {"type": "string", "description": "What the records are in Iterable."},
        "mode": {"type": "string", "description": "What to do with the object."},
        "identify_by": {
            "type": "string",
            "description": "`email` or `userId`, where the type of the project leaves a choice.",
        },
        "placeholder_users": {
            "type": ["boolean", "null"],
            "description": "The setting of this name, for this stream.",
        },
        "fields": {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"]},
            "description": "Column -> field of Iterable; null drops the column. Capitals count in both: a column "
            "`EMAIL` is nobody's address until it is called `email` here.",
        },
        "defaults": {
            "type": ["object", "null"],
            "description": "Column -> value for records that lack the column or have null there.",
        },
        "dots": {
            "type": ["string", "null"],
            "description": "What a dot in a field's name means: `nest` (the default) puts `address.city` into the "
            "object `address`, `keep` makes it a part of the name.",
        },
        "nulls": {
            "type": ["string", "null"],
            "description": "`clear` (the default): a null clears the field; `keep`: it is left out, the field stays.",
        },
        "on_removed": {
            "type": ["string", "null"],
            "description": "In the mode `mirror`: what to do with what this stream has put into Iterable, and that has "
            "left its source. Users: `nothing` (the default), `clear` the stream's fields, `delete` or `forget`.",
        },
        "max_removals": {
            "type": ["string", "integer", "null"],
            "description": "In the mode `mirror`: the setting of this name, for this stream.",
        },
        "complete_at_end": {
            "type": ["boolean", "null"],
            "description": "In the mode `mirror`: the input always holds the whole stream, so what is not in it when "
            "it ends has left. For taps that send no ACTIVATE_VERSION at the end of a stream.",
        },
        "on_unconfirmed": {
            "type": ["string", "null"],
            "description": "What to do with a record of which nobody knows whether Iterable has taken it already, and "
            "that would do harm twice: `reject` it (the default), or `send` it.",
        },
        "skip_unchanged": {
            "type": ["boolean", "null"],
            "description": "Do not send records that equal what was last accepted for the same user or item.",
        },
    },
}

PERMISSIONS: Final = ("allow_destructive", "allow_messaging")
"""Settings that allow what cannot be taken back."""

SETTINGS: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["api_key"],
    "additionalProperties": False,
    "properties": {
        **CONNECTION,
        "streams": {
            "type": "object",
            "additionalProperties": _ROUTE,
            "default": {},
            "title": "Streams",
            "description": "Where streams go: glob on the stream's name -> `object`, `mode`, `identify_by`, `fields`, "
            "`defaults`, `dots`, `nulls`, `skip_unchanged` and the object's own options. Streams that no glob fits go "
            "by their names.",
        },
        "copy_project": {
            "type": "boolean",
            "default": False,
            "title": "Copy project",
            "description": "Take the streams for those of tap-iterable and copy a project: users, custom events, "
            "purchases, lists and their members, catalogs with field types and items, metadata, snippets. Lists, "
            "channels and message types are found by their names, so what users are subscribed to comes along. Other "
            "streams go nowhere. What `streams` says comes first.",
        },
        "copy_system_events": {
            "type": "boolean",
            "default": False,
            "title": "Copy system events",
            "description": "With `copy_project`: sends, opens, clicks and all other events of Iterable's own become "
            "custom events called as in exports, `emailSend` for example.",
        },
        "max_batch_rows": {
            "type": ["integer", "null"],
            "minimum": 1,
            "title": "Maximum rows per request",
            "description": "How many records may travel in one request at most. By default only Iterable's own limits "
            "count: requests begin with 1,000 records, double while Iterable takes them quickly, and may then be as "
            "large as 4 MB. They halve when Iterable finds one too large or takes very long.",
        },
        "max_in_flight": {
            "type": ["integer", "null"],
            "minimum": 1,
            "title": "Maximum requests in flight",
            "description": "How many requests of a stream are on their way at a time. By default as many as Iterable "
            "allows in a second, at most 20. Records of one user never overtake each other.",
        },
        "placeholder_users": {
            "type": "boolean",
            "default": False,
            "title": "Placeholder users",
            "description": "Whether records that have a userId and no address may make users of an e-mail-based "
            "project. Iterable gives them addresses at `placeholder.email`, to which it sends nothing. By default such "
            "a record is about the user who has the userId, and is rejected if there is none.",
        },
        "create_new_fields": {
            "type": "string",
            "enum": ["project", "true", "false"],
            "default": "project",
            "title": "Create new fields",
            "description": "Whether profiles and events may bring fields that the project does not know yet; `project` "
            "leaves it to its own setting. Lists know no such switch. A field can never be removed again.",
        },
        "on_type_clash": {
            "type": "string",
            "enum": ["reject", "drop_field"],
            "default": "reject",
            "title": "On type clash",
            "description": "What to do with records that hold a value which does not fit the type that Iterable keeps "
            "for its field: reject them, or send them without the field. What was left out is named, and counted in "
            "the summary.",
        },
        "on_duplicate_field": {
            "type": "string",
            "enum": ["warn", "reject"],
            "default": "warn",
            "title": "On duplicate field",
            "description": "What to do with records that have a field twice with different values: as a column and in "
            "`dataFields`, or as an identifier of a call and among its traits. `warn` takes the column or the "
            "identifier, names the field, and counts it in the summary; `reject` rejects the record.",
        },
        "on_dropped_fields": {
            "type": "string",
            "enum": ["warn", "fail"],
            "default": "warn",
            "title": "On dropped fields",
            "description": "What to do when Iterable takes records without fields that the project does not know: name "
            "the fields and go on, or name them and fail, with state not moved past these records.",
        },
        "allow_destructive": {
            "type": "boolean",
            "default": False,
            "title": "Allow destructive",
            "description": "Whether users may be deleted, forgotten and merged. That cannot be taken back, so streams "
            "that ask for it are refused until this is true.",
        },
        "allow_messaging": {
            "type": "boolean",
            "default": False,
            "title": "Allow messaging",
            "description": "Whether campaigns and journeys may be triggered and messages sent. Streams that ask for it "
            "are refused until this is true.",
        },
        "coerce_types": {
            "type": "boolean",
            "default": False,
            "title": "Coerce types",
            "description": "Turn texts into numbers and booleans, and these into texts, where the project keeps the "
            "field so. Otherwise such records are rejected. Timestamps are written as the project wants them anyway.",
        },
        "derive_event_ids": {
            "type": "boolean",
            "default": True,
            "title": "Derive event ids",
            "description": "Give events without an `id` one that follows from their content, and purchases one that "
            "follows from the stream's key or else from their content, so that sending them again changes nothing. "
            "Without ids, those whose fate is unknown are rejected instead of sent again.",
        },
        "ledger": {
            "type": "string",
            "minLength": 1,
            "secret": True,
            "default": "ledger.db",
            "title": "Ledger",
            "description": "Where routes with `skip_unchanged` keep what was last accepted, those of actions what has "
            "happened already, and mirrored ones what they have put into Iterable. It holds hashes and sealed names, "
            "which nobody can read without the API key: a SQLite file, or a URL such as "
            "postgresql://user@host/database. All who write the same records must use the same ledger. With a new API "
            "key, all records count as new, and what leaves a source before it has come once more is not removed.",
        },
        "rejects_path": {
            "type": "string",
            "minLength": 1,
            "default": "rejects",
            "title": "Rejects path",
            "description": "A directory for rejected records: per stream and run one file of Singer messages, with the "
            "reason beside each record. Send it again with `target-iterable --input FILE`. It holds personal data.",
        },
        "max_rejects": {
            "type": "string",
            "default": "10%",
            "title": "Maximum rejects",
            "description": "How many records of a stream may be rejected before the run stops: a count, or a "
            "percentage of the records read, which says nothing about 20 rejects or fewer.",
        },
        "max_removals": {
            "type": "string",
            "default": "20%",
            "title": "Maximum removals",
            "description": "How much of a mirrored stream may be removed at once: a count, or a percentage of what was "
            "there before. If more has left the source, nothing is removed and the run fails, because then it is "
            "rather the source that is wrong.",
        },
        "on_reject": {
            "type": "string",
            "enum": ["continue", "fail"],
            "default": "continue",
            "title": "On reject",
            "description": "Whether a run with rejects that was not stopped by them ends as a success or as a failure. "
            "State moves on in both cases.",
        },
        "summary_path": {
            "type": ["string", "null"],
            "title": "Summary path",
            "description": "A JSON file to write what became of each stream's records, also when the run fails.",
        },
        "request_log_path": {
            "type": ["string", "null"],
            "title": "Request log path",
            "description": "A file to which every call to Iterable is added as a line of JSON: method, path, status, "
            "milliseconds, number of records and of their verdicts. Without personal data. What a dry run only "
            "plans has no status.",
        },
        "request_log_bodies": {
            "type": "boolean",
            "default": False,
            "title": "Request log bodies",
            "description": "Put the bodies of bulk requests into the request log, which then holds personal data.",
        },
        "dry_run": {
            "type": "boolean",
            "default": False,
            "title": "Dry run",
            "description": "Only plan: read from Iterable, but send nothing that writes. The plan is shown, and is in "
            "`summary_path`. No state is emitted, so that the real run starts from the same place; `max_rejects` does "
            "not stop a dry run, and `on_reject` does not fail it.",
        },
        "dry_run_path": {
            "type": "string",
            "minLength": 1,
            "default": "dry-run",
            "title": "Dry run path",
            "description": "A directory for what a dry run finds: per run a file with the requests that would be sent, "
            "each a line of JSON, and the rejects, which do not go to `rejects_path` then. It holds personal data.",
        },
    },
}
