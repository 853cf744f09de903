"""Entry point of `iterable-webhooks`: a missing extra ends it with a sentence instead of a traceback."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from iterable_webhooks.cli import main as command  # noqa: PLC0415 (fails where the extra is missing)
    except ModuleNotFoundError as error:
        sys.exit(f"iterable-webhooks lacks {error.name}. Install its extra: pip install 'singer-iterable[webhooks]'")
    command()
