"""Answers as JSON: members are named as the attributes are, and moments are RFC 3339 in UTC."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any


def as_json(value: Any) -> str:
    """Indented JSON of dataclasses, alone or inside lists and dictionaries."""
    return json.dumps(value, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return list(value)
