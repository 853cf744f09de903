"""The settings that say what a run remembers, what it reports, and what makes it fail."""

from __future__ import annotations

from typing import Any, Final

LEDGER_SETTINGS: Final[dict[str, Any]] = {
    "ledger": {
        "type": "string",
        "minLength": 1,
        "secret": True,
        "default": "ledger.db",
        "title": "Ledger",
        "description": "The database that remembers earlier runs: what was last accepted, for routes with "
        "`skip_unchanged`; what has happened already, for actions; and what mirrored streams have put into Iterable. "
        "It is a SQLite file, or a URL such as postgresql://user@host/database. It holds hashes and encrypted names, "
        "which cannot be read without the key. All who write the same records must use the same ledger. Put "
        "`ledger.db*` into the `.gitignore` of the project.",
    },
    "ledger_key": {
        "type": ["string", "null"],
        "secret": True,
        "title": "Ledger key",
        "description": "The key to what the ledger holds: a random text of at least 16 characters, a different one for "
        "each project. By default the API key is used. With a ledger key, you can change the API key freely. You can "
        "add a ledger key at any time; from then on the ledger opens with it alone. To change it, see "
        "`previous_ledger_key`.",
    },
    "previous_ledger_key": {
        "type": ["string", "null"],
        "secret": True,
        "title": "Previous ledger key",
        "description": "Only for `target-iterable --rotate-ledger-key`: the `ledger_key` before this one, or the API "
        "key if there was none.",
    },
}
"""The settings of what is remembered between runs."""

REPORT_SETTINGS: Final[dict[str, Any]] = {
    "rejects_path": {
        "type": "string",
        "minLength": 1,
        "default": "rejects",
        "title": "Rejects path",
        "description": "A directory for rejected records: one file of Singer messages per stream and run, with the "
        "reason beside each record. Send such a file again with `target-iterable --input FILE`. It holds personal "
        "data: if a run creates the directory, only its owner has access, and it has a `.gitignore`.",
    },
    "max_rejects": {
        "type": "string",
        "default": "10%",
        "title": "Maximum rejects",
        "description": "How many records of a stream may be rejected before the run stops: a count, or a percentage of "
        "the records read. A percentage never stops a run that has 20 rejects or fewer.",
    },
    "max_removals": {
        "type": "string",
        "default": "20%",
        "title": "Maximum removals",
        "description": "How much of a mirrored stream may be removed at once: a count, or a percentage of what was "
        "there before. If more has left the source, nothing is removed and the run fails, because then the source is "
        "probably wrong.",
    },
    "on_removals_stopped": {
        "type": "string",
        "enum": ["warn", "fail"],
        "default": "warn",
        "title": "On removals stopped",
        "description": "What to do when a mirrored stream was read to the end of the input, but what has left its "
        "source could not be removed: `warn` logs how much and why; `fail` logs it, too, and fails after everything "
        "else is done. An empty source always fails, unless the route has `allow_empty`.",
    },
    "audit_path": {
        "type": "string",
        "minLength": 1,
        "default": "audit",
        "title": "Audit path",
        "description": "A directory for the audit log of all that is removed from Iterable, which includes deleted, "
        "forgotten and merged users: one file per stream and run, with a line of JSON for each removal. It holds "
        "personal data. In a dry run it is in `dry_run_path` instead.",
    },
    "on_reject": {
        "type": "string",
        "enum": ["continue", "fail"],
        "default": "continue",
        "title": "On reject",
        "description": "Whether a run that has rejects, but no more than `max_rejects` allows, ends as a success or "
        "as a failure. State moves on in both cases.",
    },
    "summary_path": {
        "type": ["string", "null"],
        "title": "Summary path",
        "description": "A JSON file that says what became of each stream's records. It is written even if the run "
        "fails.",
    },
    "request_log_path": {
        "type": ["string", "null"],
        "title": "Request log path",
        "description": "A file to which each request to Iterable is appended as a line of JSON: method, path, status, "
        "milliseconds, the number of records, and what became of them. It holds no personal data. In a dry run, "
        "requests that are planned and not sent have no status.",
    },
    "request_log_bodies": {
        "type": "boolean",
        "default": False,
        "title": "Request log bodies",
        "description": "Add the bodies of bulk requests to the request log. It then holds personal data: put it into "
        "the `.gitignore` of the project.",
    },
}
"""The settings of what is kept and told about a run."""

DRY_RUN_SETTINGS: Final[dict[str, Any]] = {
    "dry_run": {
        "type": "boolean",
        "default": False,
        "title": "Dry run",
        "description": "Only plan: read from Iterable, but send nothing that writes. The plan is shown in the log, and "
        "is in `summary_path`. No state is emitted, so the real run starts from the same place. `max_rejects` does not "
        "stop a dry run, and `on_reject` does not make it fail. The environment variable overrides all other sources "
        "of this setting.",
    },
    "dry_run_path": {
        "type": "string",
        "minLength": 1,
        "default": "dry-run",
        "title": "Dry run path",
        "description": "A directory for the results of dry runs: one file per run with the requests that would be "
        "sent, as lines of JSON, and the rejects, which then do not go to `rejects_path`. It holds personal data.",
    },
}
"""The settings of dry runs."""
