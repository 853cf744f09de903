"""The settings of streams that read a store of received webhooks, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

WEBHOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "webhook_store": {
        "type": ["string", "null"],
        "secret": True,
        "title": "Webhook store",
        "description": "The store of `iterable-webhooks`: the path of its SQLite file, or the URL of its PostgreSQL "
        "database. With it there is a stream for each event that system webhooks carry: see docs/webhooks.md.",
    },
    "webhook_project": {
        "type": ["string", "null"],
        "title": "Webhook project",
        "description": "The project of the receiver whose events are read, if it serves several. By default all.",
    },
    "webhook_reader": {
        "type": "string",
        "minLength": 1,
        "default": "tap-iterable",
        "title": "Webhook reader",
        "description": "The name under which the store notes how far was read, so that `--keep-days` of the receiver "
        "removes nothing before. Each pipeline that reads the same store needs its own.",
    },
}
