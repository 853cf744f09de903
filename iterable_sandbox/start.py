"""Entry point of the command `iterable-sandbox`, which reports a missing extra instead of a traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line.

    Raises:
        SystemExit: a library of the extra is missing.
    """
    try:
        from iterable_sandbox.cli import main as command  # noqa: PLC0415 (fails where the extra is missing)
    except ModuleNotFoundError as error:
        sys.exit(f"iterable-sandbox lacks {error.name}. Install its extra: pip install 'singer-iterable[sandbox]'")
    command()
