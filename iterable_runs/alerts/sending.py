"""Sending by Apprise, in a process of its own.

So a URL or token is in no log, whatever the log level is: Apprise, requests, urllib3 and smtplib log what they send to.
So a service that never answers cannot hold the run: the process is ended. And a run without alerts neither imports
Apprise nor keeps it in memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any, Final

from iterable_runs.alerts.message import Message

SENDING_SECONDS: Final = 20
"""From the end of a run until its alert is given up."""
_MORE_SECONDS: Final = 5
"""The process ends by itself after its time; this is for one that does not."""

MISSING: Final = "the extra `alerts` is not installed: pip install 'singer-iterable[alerts]'"
SENT: Final = "sent"
VALID: Final = "valid"
NO_ANSWER: Final = "it took too long"


def is_installed() -> bool:
    """Whether Apprise is there."""
    return find_spec("apprise") is not None


def valid_urls(urls: Sequence[str], seconds: float = SENDING_SECONDS) -> list[str]:
    """For each URL `VALID`, or what is wrong with it, in words that do not show it. Nothing is sent."""
    return _ask(urls, None, seconds)


def send(urls: Sequence[str], message: Message, seconds: float = SENDING_SECONDS) -> list[str]:
    """Send a message, and return for each URL `SENT`, or why it was not sent, in words that do not show it."""
    return _ask(urls, asdict(message), seconds)


def _ask(urls: Sequence[str], message: Mapping[str, Any] | None, seconds: float) -> list[str]:
    # The URLs go through a pipe: others can read the arguments and the environment of a process.
    order = json.dumps({"urls": urls, "message": message, "seconds": seconds}).encode()
    # `-P`: a file `apprise.py` in the directory of the run is not what is meant. A session of its own: Ctrl-C is for
    # the run, which decides itself what it still sends.
    command = [sys.executable, "-P", "-m", "iterable_runs.alerts.sender"]
    try:
        process = subprocess.Popen(  # noqa: S603 (a command of our own)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        return [f"no process could be started for it: {error.strerror}"] * len(urls)
    with process:
        try:
            answer, _ = process.communicate(order, timeout=seconds + _MORE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            answer, _ = process.communicate()
    has_failed = process.returncode > 0
    return _results(
        answer, len(urls), f"its process ended with status {process.returncode}" if has_failed else NO_ANSWER
    )


def _results(answer: bytes, count: int, otherwise: str) -> list[str]:
    """The results by URL. The lines of the process are `[index, result]`; it may have ended before the last of them."""
    results = [otherwise] * count
    for line in answer.splitlines():
        with suppress(ValueError):
            index, result = json.loads(line)
            results[index] = result
    return results
