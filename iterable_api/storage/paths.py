"""Files and folders that settings name.

Unusable ones are found before anything is read or written. Files of personal data are for their owner only, and kept
out of Git.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_IGNORE_FILE: Final = ".gitignore"
_IGNORE_ALL: Final = b"# Personal data, which does not belong into Git.\n*\n"


def file_problem(setting: str, location: str | None) -> str | None:
    """The error of a file that a setting names to be written, or None; the file need not exist yet."""
    if not location:
        return None
    try:
        mode = Path(location).stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        return _unusable(setting, error)
    if not stat.S_ISREG(mode):
        return f"`{setting}` cannot be written: {location!r} is there already, and is no plain file."
    return None


def folder_problem(setting: str, location: str) -> str | None:
    """The error of a folder that a setting names to put files into, or None; the folder need not exist yet."""
    try:
        Path(location).stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        return _unusable(setting, error)
    path = Path(location).absolute()
    nearest = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return f"`{setting}` cannot be written: {str(nearest)!r} is not a directory that we may write into."
    return None


def private_directory(path: Path) -> None:
    """Make a folder for its owner only, with a `.gitignore` that keeps all of it out of Git.

    One that is there already is left as it is: it may be the user's own.

    Raises:
        OSError: if it cannot be made, or something else is there.
    """
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    file = os.open(path / _IGNORE_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(file, _IGNORE_ALL)
    finally:
        os.close(file)


def private_file(location: str) -> None:
    """Make an empty file for its owner only, unless there is one.

    Raises:
        OSError: if it cannot be made.
    """
    os.close(os.open(location, os.O_CREAT | os.O_RDWR, 0o600))


def sqlite_file(location: str) -> str | None:
    """The file of a SQLite database, by its path or URL; None for the URL of anything else."""
    path = location.removeprefix("sqlite:///").partition("?")[0]
    return None if "://" in path else path


def _unusable(setting: str, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"`{setting}` cannot be written: {reason}."
