"""A receiver of webhooks that stores at most so many events with one commit: `webhook_receiver.py STORE ROWS`."""

from __future__ import annotations

import os
import sys

from iterable_webhooks import server
from iterable_webhooks.settings.receiver import Settings
from iterable_webhooks.settings.secrets import read_secrets


def main(store: str, rows: int) -> None:
    """Receive on a free port, and print its URL."""
    settings = Settings(read_secrets((), (), os.environ), store, port=0, most_rows=rows)
    server.serve(settings, lambda url: print(url, flush=True))  # noqa: T201 (who started it reads this)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
