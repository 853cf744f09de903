"""Where the run history is: a SQLite file, or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from iterable_api.storage.paths import file_problem, sqlite_file

DEFAULT_PLACE: Final = "iterable-runs.db"
"""The file in the directory of the run. It is beside the other files that runs leave there."""

POSTGRESQL: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")


def place_problems(setting: str, place: str) -> Iterator[str]:
    """Errors of a setting that names a history, which show without opening it. Their texts never quote a URL."""
    path = sqlite_file(place)
    if path is not None:
        if problem := file_problem(setting, path):
            yield problem
    elif not place.startswith(POSTGRESQL):
        yield f"`{setting}` must be a SQLite file, or a URL that begins with postgresql:// or sqlite:///."
    elif not _is_readable(place):
        yield f"`{setting}` is no URL of a database."
    elif find_spec("psycopg") is None:
        yield f"`{setting}` names PostgreSQL, which wants the extra `postgres`: pip install 'singer-iterable[postgres]'"


def _is_readable(place: str) -> bool:
    try:
        parts = urlsplit(place)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.query or parts.path.strip("/"))
