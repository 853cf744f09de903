"""The settings of the files that BATCH messages name."""

from __future__ import annotations

from typing import Any, Final

ROOTS: Final = "batch_roots"
PARAMS: Final = "batch_storage_params"
DELETES: Final = "delete_batch_files"

BATCH_SETTINGS: Final[dict[str, Any]] = {
    ROOTS: {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "default": [],
        "title": "Batch roots",
        "description": "The folders and buckets from which the files of BATCH messages may be read, with all that is "
        "in them: a path or URL of a folder, s3://BUCKET/PATH, gs://BUCKET/PATH or az://CONTAINER/PATH (with the "
        "extras `s3`, `gcs` and `azure` of the package). By default none: then a BATCH message ends the run, and the "
        "error names the root that is lacking.",
    },
    PARAMS: {
        "type": ["object", "null"],
        "secret": True,
        "title": "Batch storage parameters",
        "description": "What the storage of BATCH files needs beyond the environment: `s3`, `gs` or `abfs` -> "
        "arguments of its file system in fsspec, such as `endpoint_url`, `key` and `secret` of S3.",
    },
    DELETES: {
        "type": "boolean",
        "default": False,
        "title": "Delete batch files",
        "description": "Whether a file of a BATCH message is deleted once its records are delivered and the STATE "
        "message behind it is written. Without a STATE behind it, and in a dry run, a file stays.",
    },
}
