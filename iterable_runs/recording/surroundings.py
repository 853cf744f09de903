"""What a run knows of itself at its start: its pipeline, its machine, its directory."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Final

PIPELINE_VARIABLE: Final = "SINGER_ITERABLE_PIPELINE"
"""The environment variable with the name of the pipeline, by which another program than Meltano tells it.

Such a name has a slash in it, as in `north/purchases`; see `Run.is_of_meltano`.
"""
_RUN_ID_BYTES: Final = 8


def new_run_id() -> str:
    """A new id of a run."""
    return token_hex(_RUN_ID_BYTES)


def pipeline_name(environment: Mapping[str, str]) -> str:
    """The name of the pipeline, by `PIPELINE_VARIABLE` or as Meltano has it; empty elsewhere.

    Meltano tells a target both plugins, and a tap its own name only: `prod:tap-postgres-to-target-iterable`, as the
    default id of the state, and `prod:tap-iterable`. It tells no plugin the id of the state, or the name of the job
    (seen in Meltano 4.4).
    """
    if told := environment.get(PIPELINE_VARIABLE):
        return told
    plugins = [environment.get(f"MELTANO_{kind}_NAME", "") for kind in ("EXTRACTOR", "LOADER")]
    return ":".join(filter(None, (environment.get("MELTANO_ENVIRONMENT", ""), "-to-".join(filter(None, plugins)))))


def host_name() -> str:
    """The name of this machine."""
    return socket.gethostname()


def working_directory() -> str:
    """The directory of the run; empty if it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""
