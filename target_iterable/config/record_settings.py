"""The settings that say what may be written, and how records become requests."""

from __future__ import annotations

from typing import Any, Final

from target_iterable.config.delivery_options import MAX_BUFFERED_ROWS

PERMISSIONS: Final = ("allow_destructive", "allow_messaging")
"""Settings that allow what cannot be undone."""

RECORD_SETTINGS: Final[dict[str, Any]] = {
    "max_batch_rows": {
        "type": ["integer", "null"],
        "minimum": 1,
        "title": "Maximum rows per request",
        "description": "How many records one request may hold. By default only Iterable's own limits count: requests "
        "begin with 1,000 records, double while Iterable answers quickly, up to 4 MB, and halve when Iterable finds "
        "one too large or takes very long.",
    },
    "max_in_flight": {
        "type": ["integer", "null"],
        "minimum": 1,
        "title": "Maximum requests in flight",
        "description": "How many requests of a stream may be in flight at the same time. By default as many as "
        "Iterable allows in a second, but at most 20. Records of one user never overtake each other.",
    },
    "max_buffered_rows": {
        "type": "integer",
        "minimum": 1,
        "default": MAX_BUFFERED_ROWS,
        "title": "Maximum rows buffered",
        "description": "How many records of all streams may wait to be sent. Records whose lists, catalogs or other "
        "destinations differ cannot share a request, so they wait until there are many for each destination, for 30 "
        "seconds at most. More records make fewer requests, and take some 1 kB of memory each, as do those that are on "
        "their way.",
    },
    "placeholder_users": {
        "type": "boolean",
        "default": False,
        "title": "Placeholder users",
        "description": "Whether records with a userId and no address may create users in an e-mail-based project. "
        "Iterable gives such users addresses at `placeholder.email`, to which it sends nothing. By default such a "
        "record is written to the user who has the userId, and rejected if there is none.",
    },
    "create_new_fields": {
        "type": "string",
        "enum": ["project", "true", "false"],
        "default": "project",
        "title": "Create new fields",
        "description": "Whether profiles and events may bring fields that the project does not have yet; `project` "
        "leaves it to the project's own setting. For list members only the project's setting counts. A field can "
        "never be removed.",
    },
    "on_type_clash": {
        "type": "string",
        "enum": ["reject", "drop_field"],
        "default": "reject",
        "title": "On type clash",
        "description": "What to do with records that hold a value which does not fit the type of its field in "
        "Iterable: reject them, or send them without the field. Fields that were left out are named in the log, and "
        "counted in the summary.",
    },
    "on_duplicate_field": {
        "type": "string",
        "enum": ["warn", "reject"],
        "default": "warn",
        "title": "On duplicate field",
        "description": "What to do with records that have a field twice with different values: as a column and in "
        "`dataFields`, or as an identifier of a call and among its traits. `warn` takes the column or the identifier, "
        "names the field in the log, and counts it in the summary; `reject` rejects the record.",
    },
    "on_dropped_fields": {
        "type": "string",
        "enum": ["warn", "fail"],
        "default": "warn",
        "title": "On dropped fields",
        "description": "What to do when Iterable takes records but drops fields that the project does not have: `warn` "
        "names the fields in the log and goes on; `fail` names them and fails, and state does not move past these "
        "records.",
    },
    "allow_destructive": {
        "type": "boolean",
        "default": False,
        "title": "Allow destructive",
        "description": "Whether users may be deleted, forgotten and merged, lists and catalogs deleted, and campaigns "
        "stopped. Hardly any of that can be undone, so streams that ask for it are refused until this is true.",
    },
    "allow_messaging": {
        "type": "boolean",
        "default": False,
        "title": "Allow messaging",
        "description": "Whether campaigns and journeys may be triggered, activated and scheduled, and messages sent. "
        "Streams that ask for it are refused until this is true.",
    },
    "coerce_types": {
        "type": "boolean",
        "default": False,
        "title": "Coerce types",
        "description": "Convert texts to numbers and booleans, and numbers and booleans to texts, where the field has "
        "that type in the project. Otherwise such records are rejected. Timestamps are converted in any case.",
    },
    "derive_event_ids": {
        "type": "boolean",
        "default": True,
        "title": "Derive event ids",
        "description": "Give events without an `id` one that is derived from their content, and purchases one that is "
        "derived from the stream's key, or from their content if there is no key. Sending them again then changes "
        "nothing. Events and purchases without an id are rejected, not sent again, when it is not known whether "
        "Iterable has taken them.",
    },
}
