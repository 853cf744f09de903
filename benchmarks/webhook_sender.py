"""A sender of webhooks, as Iterable is one: a POST for each event, over connections that are kept."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import uvloop

SECRET: Final = "bench-of-webhooks-0123456789"  # noqa: S105 (of receivers that are started for the purpose)
VARIABLES: Final = {"ITERABLE_WEBHOOKS_SECRET": SECRET}

_PAUSE: Final = 0.01
"""Seconds before a connection is tried again."""
_LENGTH: Final = re.compile(rb"(?i)content-length: *(\d+)")
_HEAD: Final = (
    b"POST / HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\n"
    b"X-Webhook-Secret: %s\r\nContent-Length: %%d\r\n\r\n" % SECRET.encode()
)
_BODY: Final = (
    b'{"email":"person-%d@example.com","eventName":"emailSend","dataFields":{"contentId":331201,'
    b'"email":"person-%d@example.com","createdAt":"2026-08-14 00:02:11 +00:00","campaignId":59667,'
    b'"templateId":93849,"messageId":"%032x","emailSubject":"The garden opens on Saturday, {{firstName}}",'
    b'"campaignName":"Opening of the garden","workflowId":null,"workflowName":null,'
    b'"templateName":"Garden, with a picture","channelId":3420,"messageTypeId":3866,"experimentId":null,'
    b'"labels":["spring","garden"],"locale":null,"transactionalData":"{}","sendingDomain":"mail.example.com",'
    b'"espName":"Sendgrid","messageBusId":"bus-%d","catalogLookupCount":0,"catalogCollectionCount":0,'
    b'"productRecommendationCount":0,"emailId":"c59667:t93849:person-%d@example.com"}}'
)


class Answer(NamedTuple):
    """What became of one delivery.

    Attributes:
        number: the delivery's, from 0.
        status: None if the connection ended without an answer.
        seconds: from the moment at which it was due.
    """

    number: int
    status: int | None
    seconds: float


@dataclass(frozen=True)
class Load:
    """How much is sent.

    Attributes:
        connections: how many deliveries may be under way at a time.
        rate: deliveries a second; by default as many as are answered.
        seconds: how long.
        first: the number of the first delivery.
    """

    connections: int
    seconds: float
    rate: float | None = None
    first: int = 0


def body(number: int) -> bytes:
    """The body of a delivery, about 700 bytes; no two are alike."""
    return _BODY % (number, number, number, number, number)


def number_of(stored: bytes) -> int:
    """The number of the delivery with this body."""
    fields: dict[str, Any] = json.loads(stored)["dataFields"]
    return int(fields["messageId"], 16)


def send(url: str, load: Load) -> list[Answer]:
    """Deliver to a receiver at `url`, whose secret is `SECRET`, and wait for the answers.

    A connection that breaks, or cannot be had, is made anew while there is time.
    """
    return uvloop.run(_send(url, load))


async def _send(url: str, load: Load) -> list[Answer]:
    parts = urlsplit(url)
    due = _due(load)
    answers: list[Answer] = []
    senders = [_Connection(str(parts.hostname), parts.port or 0, due, answers) for _ in range(load.connections)]
    await asyncio.gather(*(sender.run() for sender in senders))
    return answers


def _due(load: Load) -> Iterator[tuple[int, float]]:
    """Numbers of deliveries, and when each is due."""
    began = time.perf_counter()
    for number in count():
        now = time.perf_counter()
        due = now if load.rate is None else began + number / load.rate
        if max(now, due) > began + load.seconds:
            return
        yield load.first + number, due


class _Connection(asyncio.Protocol):
    """One connection after the other; each delivery waits for the answer to the one before."""

    def __init__(self, host: str, port: int, due: Iterator[tuple[int, float]], answers: list[Answer]) -> None:
        self._place = (host, port)
        self._due = due
        self._answers = answers
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answered: asyncio.Future[int | None]

    async def run(self) -> None:
        """Deliver until the time is over."""
        loop = asyncio.get_running_loop()
        for number, moment in self._due:
            if (pause := moment - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._answered = loop.create_future()
            try:
                if self._transport is None:
                    await loop.create_connection(lambda: self, *self._place)
            except OSError:
                self._answered.set_result(None)
            else:
                self._deliver(number)
            status = await self._answered
            self._answers.append(Answer(number, status, time.perf_counter() - moment))
            if status is None:
                await asyncio.sleep(_PAUSE)
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of TCP it is one
        """Begin with a new connection."""
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Take an answer, which may come in parts."""
        self._received += data
        head, whole, content = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if whole and length and len(content) >= int(length[1]):
            self._received = b""
            self._answer(int(head[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        """Begin anew with the next delivery."""
        self._transport = None
        self._answer(None)

    def _deliver(self, number: int) -> None:
        if self._transport is not None:
            content = body(number)
            self._transport.write(_HEAD % len(content) + content)

    def _answer(self, status: int | None) -> None:
        if not self._answered.done():
            self._answered.set_result(status)
