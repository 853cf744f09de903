"""`python -m iterable_runs.alerts.sender`: the process that sends alerts. See `iterable_runs.alerts.sending`.

It reads one JSON object from standard input, and writes a line `[index, result]` for each URL.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

from iterable_runs.alerts.sending import SENT, VALID

_UNKNOWN: Final = "Apprise cannot use it: its README has the form of the URL of each service"
_REFUSED: Final = "the service did not take it"
_RETRIES: Final = 1
_RETRY_SECONDS: Final = 2.0
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
"""How Apprise logs the status of an answer. It is the only thing that is taken from its log."""


def main() -> None:
    """Send, and end when all is sent or the time is over."""
    if hasattr(signal, "pthread_sigmask"):
        # The thread that starts this process may have blocked them, and they would stay blocked.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
    order = json.load(sys.stdin)
    ends_at = time.monotonic() + order["seconds"]
    answers, sys.stdout = sys.stdout, sys.stderr  # a plugin of Apprise may print
    threads = [
        threading.Thread(target=_serve, args=(index, url, order["message"], answers), daemon=True)
        for index, url in enumerate(order["urls"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, ends_at - time.monotonic()))
    answers.flush()
    os._exit(0)  # threads that are stuck would keep the process alive


def _serve(index: int, url: str, message: dict[str, Any] | None, answers: TextIO) -> None:
    try:
        result = _result(url, message)
    except Exception as error:  # noqa: BLE001 (plugins of Apprise raise what they like; the text may hold the URL)
        result = f"{_REFUSED} ({type(error).__name__})"
    answers.write(f"{json.dumps([index, result])}\n")
    answers.flush()


_IMPORT: Final = threading.Lock()


def _result(url: str, message: dict[str, Any] | None) -> str:
    with _IMPORT:
        import apprise  # noqa: PLC0415 (an extra)

        asset = apprise.AppriseAsset(
            app_id="singer-iterable",
            app_desc="Singer tap and target for Iterable",
            # Apprise's own pictures are on a server of others, which would learn of each alert.
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            default_service_retry=_RETRIES,
            default_service_wait=_RETRY_SECONDS,
        )
        services = apprise.Apprise(asset=asset)
        if not services.add(url):
            return _UNKNOWN
    if message is None:
        return VALID
    taken = services.notify(
        body=message["text"], title=message["title"], notify_type=message["kind"], body_format=apprise.NotifyFormat.TEXT
    )
    entries = [entry.message for service in taken for attempt in service for entry in attempt]
    return SENT if taken else _REFUSED + next(_statuses(entries), "")


def _statuses(entries: Iterable[str]) -> Iterator[str]:
    """The statuses of answers in entries of Apprise's log, in brackets."""
    for match in filter(None, map(_STATUS.search, entries)):
        yield f" (status {match[1]})"


if __name__ == "__main__":
    main()
