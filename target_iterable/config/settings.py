"""The settings of target-iterable. Their titles and descriptions are the documentation."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.plugin.connection_settings import CONNECTION

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
            "description": "Column -> field of Iterable. Capitals count in both: a column `EMAIL` is nobody's address "
            "until it is called `email` here. A null drops the column, but Meltano loses nulls: use `drop`. "
            "Meltano takes a name with a dot for an object: rename such columns before, in SQL or by `stream_maps`.",
        },
        "drop": {
            "type": ["array", "null"],
            "items": {"type": "string", "minLength": 1},
            "description": "Columns that stay here, as globs on their names: `[loaded_at, '*_internal']`. A dot leads "
            "into an object: `dataFields.itblInternal`, `address.street`. Columns of the stream's key identify its "
            "records all the same.",
        },
        "keep_only": {
            "type": ["array", "null"],
            "items": {"type": "string", "minLength": 1},
            "description": "The only columns that travel, as globs like those of `drop`, which wins where both fit.",
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
        "on_deleted": {
            "type": ["string", "null"],
            "description": "What to do with rows that the source has deleted, which log-based taps mark by a column "
            "such as `_sdc_deleted_at`: `remove` what they have put into Iterable, `skip` or `reject` them, or `write` "
            "them like all others. By default they are rejected, and in the modes `mirror`, `remove` and "
            "`unsubscribe` removed.",
        },
        "on_removed": {
            "type": ["string", "null"],
            "description": "In the mode `mirror`, and with `on_deleted: remove`: what to do with what this stream has "
            "put into Iterable, and that has left its source. Users: `nothing` (the default), `clear` the stream's "
            "fields, `delete` or `forget`.",
        },
        "max_removals": {
            "type": ["string", "integer", "null"],
            "description": "In the mode `mirror`: the setting of this name, for this stream.",
        },
        "allow_empty": {
            "type": ["boolean", "null"],
            "description": "In the mode `mirror`: a source without one record is right, and all is removed, if "
            "`max_removals` allows it. By default nothing is, and the run fails.",
        },
        "complete_at_end": {
            "type": ["boolean", "string", "null"],
            "description": "In the mode `mirror`: the input always holds the whole stream, so what is not in it when "
            "it ends has left. For taps that send no ACTIVATE_VERSION at the end of a stream. With `declared`, the "
            "tap must say that it has come to its end; with `true`, it need not, and `max_shrinkage` counts.",
        },
        "max_shrinkage": {
            "type": ["string", "integer", "null"],
            "description": "With `complete_at_end: true`: how many fewer than before may come, a count or a percentage "
            "(10% by default, one at least); with fewer, nothing is removed, because the tap may have died.",
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
            "`drop`, `keep_only`, `defaults`, `dots`, `nulls`, `on_deleted`, `skip_unchanged` and the object's own "
            "options. Streams that no glob fits go by their names.",
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
            "leaves it to its own setting. For list members only the project's setting counts. A field can never be "
            "removed.",
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
            "which nobody can read without the key: a SQLite file, or a URL such as "
            "postgresql://user@host/database. All who write the same records must use the same ledger. "
            "Put `ledger.db*` into the `.gitignore` of the project.",
        },
        "ledger_key": {
            "type": ["string", "null"],
            "secret": True,
            "title": "Ledger key",
            "description": "The key to what the ledger holds: a random text of 16 characters at least, another one for "
            "each project. By default the API key is that. With it, a new API key needs no more than to be set. It can "
            "be set at any time: the ledger then opens with it alone. To change it, see `previous_ledger_key`.",
        },
        "previous_ledger_key": {
            "type": ["string", "null"],
            "secret": True,
            "title": "Previous ledger key",
            "description": "For `target-iterable --rotate-ledger-key` alone: the `ledger_key` before this one, or "
            "the API key if there was none.",
        },
        "rejects_path": {
            "type": "string",
            "minLength": 1,
            "default": "rejects",
            "title": "Rejects path",
            "description": "A directory for rejected records: per stream and run one file of Singer messages, with the "
            "reason beside each record. Send it again with `target-iterable --input FILE`. It holds personal data: if "
            "it is made by a run, it is for its owner only and has a `.gitignore`.",
        },
        "max_rejects": {
            "type": "string",
            "default": "10%",
            "title": "Maximum rejects",
            "description": "How many records of a stream may be rejected before the run stops: a count, or a "
            "percentage of the records read. A percentage never stops a run for 20 rejects or fewer.",
        },
        "max_removals": {
            "type": "string",
            "default": "20%",
            "title": "Maximum removals",
            "description": "How much of a mirrored stream may be removed at once: a count, or a percentage of what was "
            "there before. If more has left the source, nothing is removed and the run fails, because it is "
            "more likely that the source is wrong.",
        },
        "on_removals_stopped": {
            "type": "string",
            "enum": ["warn", "fail"],
            "default": "warn",
            "title": "On removals stopped",
            "description": "What to do when a mirrored stream was read to the end of the input, and what has left its "
            "source cannot be removed all the same: tell how much and why, or tell it and fail, when all else is done. "
            "An empty source always fails, unless the route has `allow_empty`.",
        },
        "audit_path": {
            "type": "string",
            "minLength": 1,
            "default": "audit",
            "title": "Audit path",
            "description": "A directory for the audit log of all that is taken away from Iterable, such as removals, "
            "deletions, forgotten and merged users: per stream and run one file with a line of JSON each. It holds "
            "personal data. In a dry run it is in `dry_run_path` instead.",
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
            "milliseconds, number of records and of their verdicts. Without personal data. Requests that a "
            "dry run only plans have no status.",
        },
        "request_log_bodies": {
            "type": "boolean",
            "default": False,
            "title": "Request log bodies",
            "description": "Put the bodies of bulk requests into the request log, which then holds personal data: put "
            "it into the `.gitignore` of the project.",
        },
        "dry_run": {
            "type": "boolean",
            "default": False,
            "title": "Dry run",
            "description": "Only plan: read from Iterable, but send nothing that writes. The plan is shown, and is in "
            "`summary_path`. No state is emitted, so that the real run starts from the same place; `max_rejects` does "
            "not stop a dry run, and `on_reject` does not fail it. The environment variable wins over all else.",
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
