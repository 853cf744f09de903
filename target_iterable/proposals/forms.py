"""The forms in which proposals are printed."""

from __future__ import annotations

from typing import Final

YAML: Final = "yaml"
FORMATS: Final = (YAML, "json")
