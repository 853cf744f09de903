"""The settings of routes, as JSON Schema. The options of single objects are in `objects`."""

from __future__ import annotations

from typing import Any, Final

_GLOBS: Final[dict[str, Any]] = {"type": ["array", "null"], "items": {"type": "string", "minLength": 1}}
_THRESHOLD: Final = ["string", "integer", "null"]

ROUTE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "object": {"type": "string", "description": "What the records are in Iterable, such as `users`."},
        "mode": {"type": "string", "description": "What to do with the object."},
        "identify_by": {
            "type": "string",
            "description": "What identifies users, `email` or `userId`, where the type of the project leaves a choice.",
        },
        "placeholder_users": {
            "type": ["boolean", "null"],
            "description": "The setting of this name, for this stream only.",
        },
        "fields": {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"]},
            "description": "Column -> field of Iterable. Both are case-sensitive: a column `EMAIL` identifies nobody "
            "until it is renamed to `email` here. A null drops the column, but Meltano loses nulls: use `drop` "
            "instead. Meltano also takes a name with a dot for an object: rename such columns earlier, in SQL or with "
            "`stream_maps`.",
        },
        "drop": {
            **_GLOBS,
            "description": "Columns that are not written, as globs on their names: `[loaded_at, '*_internal']`. A dot "
            "leads into an object: `dataFields.itblInternal`, `address.street`. Columns of the stream's key identify "
            "its records even if they are dropped.",
        },
        "keep_only": {
            **_GLOBS,
            "description": "The only columns that are written, as globs like those of `drop`. A column that matches "
            "both is dropped.",
        },
        "defaults": {
            "type": ["object", "null"],
            "description": "Column -> value for records that lack the column or have null in it.",
        },
        "empty_as_null": {
            **_GLOBS,
            "description": "Columns in which an empty text is a null, as globs on their names: `['*']` for all. Files "
            "of CSV have empty texts where databases have nulls, and an empty text is no date.",
        },
        "dots": {
            "type": ["string", "null"],
            "description": "What a dot in a field's name means: `nest` (the default) writes `address.city` into the "
            "object `address`; `keep` makes the dot part of the name.",
        },
        "nulls": {
            "type": ["string", "null"],
            "description": "`clear` (the default): a null clears the field. `keep`: a null is left out, and the field "
            "keeps its value.",
        },
        "on_deleted": {
            "type": ["string", "null"],
            "description": "What to do with rows that the source has deleted, which log-based taps mark with a column "
            "such as `_sdc_deleted_at`: `remove` what they have put into Iterable, `skip` or `reject` them, or `write` "
            "them like all others. By default they are rejected, but removed in the modes `mirror`, `remove` and "
            "`unsubscribe`.",
        },
        "on_removed": {
            "type": ["string", "null"],
            "description": "In the mode `mirror`, and with `on_deleted: remove`: what to do with the things that this "
            "stream has put into Iterable when they are no longer in its source. For users: `nothing` (the default), "
            "`clear` the stream's fields, `delete` or `forget`.",
        },
        "max_removals": {
            "type": _THRESHOLD,
            "description": "In the mode `mirror`: the setting of this name, for this stream only.",
        },
        "allow_empty": {
            "type": ["boolean", "null"],
            "description": "In the mode `mirror`: if true, an empty source is valid, and everything is removed, as far "
            "as `max_removals` allows. By default nothing is removed, and the run fails.",
        },
        "complete_at_end": {
            "type": ["boolean", "string", "null"],
            "description": "In the mode `mirror`, for taps that send no ACTIVATE_VERSION at the end of a stream: the "
            "input always holds the whole stream, so what is missing from it has left the source. With `declared`, the "
            "tap must declare that it has come to its end; with `true`, it need not, and `max_shrinkage` applies.",
        },
        "max_shrinkage": {
            "type": _THRESHOLD,
            "description": "With `complete_at_end: true`: how many fewer records than before may come, as a count or a "
            "percentage (10% by default, but at least one). If more are missing, nothing is removed, because the tap "
            "may have ended too early.",
        },
        "on_unconfirmed": {
            "type": ["string", "null"],
            "description": "What to do with a record that must not take effect twice, if it is not known whether "
            "Iterable has taken it already: `reject` it (the default), or `send` it.",
        },
        "skip_unchanged": {
            "type": ["boolean", "null"],
            "description": "Do not send records that equal what Iterable last accepted for the same user or item.",
        },
    },
}

STREAM_SETTINGS: Final[dict[str, Any]] = {
    "streams": {
        "type": "object",
        "additionalProperties": ROUTE,
        "default": {},
        "title": "Streams",
        "description": "Where streams go: glob on the stream's name -> `object`, `mode`, `identify_by`, `fields`, "
        "`drop`, `keep_only`, `defaults`, `empty_as_null`, `dots`, `nulls`, `on_deleted`, `skip_unchanged` and the "
        "object's own options. A stream that no glob matches goes to the object that has its name.",
    },
    "copy_project": {
        "type": "boolean",
        "default": False,
        "title": "Copy project",
        "description": "Copy the project that tap-iterable reads: users, custom events, purchases, lists and their "
        "members, catalogs with field types and items, metadata, snippets, the contents of templates. Lists, channels "
        "and message types are found by their names, so users keep their subscriptions. Other streams go nowhere. "
        "Routes in `streams` take precedence.",
    },
    "copy_campaigns": {
        "type": "boolean",
        "default": False,
        "title": "Copy campaigns",
        "description": "With `copy_project`: create the campaigns, too, of which the templates were copied before. "
        "None is scheduled, sent or activated. Campaigns that went out or are archived are left out.",
    },
    "copy_system_events": {
        "type": "boolean",
        "default": False,
        "title": "Copy system events",
        "description": "With `copy_project`: copy Iterable's own events, too, such as sends, opens and clicks. They "
        "become custom events that have their names in exports, such as `emailSend`.",
    },
}
"""The settings that say where streams go."""
