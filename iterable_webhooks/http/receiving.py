"""`POST /` and `POST /{anything}`: one delivery, answered when it is on the disk."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from iterable_webhooks.http.authorization import SecretCheck
from iterable_webhooks.http.bodies import BodyReader, BodyTooLargeError, BodyTooSlowError, SenderGoneError, discard
from iterable_webhooks.ingest.envelope import MalformedBodyError, event_name
from iterable_webhooks.ingest.errors import NotTakenError, OverloadedError
from iterable_webhooks.ingest.group_commit import GroupCommit
from iterable_webhooks.ingest.metrics import Metrics
from iterable_webhooks.settings.receiver import DEFAULT_PROJECT
from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.events import Delivery, MalformedBody

_LATER: Final = {"Retry-After": "5"}
_CLOSE: Final = {"Connection": "close"}

# Each is sent any number of times: a response that has no task to run afterwards keeps nothing of a request.
_OK: Final = PlainTextResponse("OK")
_WRONG_SECRET: Final = PlainTextResponse("The secret is missing or wrong.", 401, _CLOSE)
_NO_PROJECT: Final = PlainTextResponse("There is no project of this path.", 404, _CLOSE)
_TOO_LARGE: Final = PlainTextResponse("The body is too large.", 413, _CLOSE)
_OVERLOADED: Final = PlainTextResponse("Too much is waiting to be stored. Try again.", 503, {**_LATER, **_CLOSE})
_UNREAD: Final = (_WRONG_SECRET, _NO_PROJECT, _TOO_LARGE, _OVERLOADED)
"""Answers before the body was read to its end."""

_REFUSALS: Final[Mapping[type[Exception], Response]] = {
    BodyTooLargeError: _TOO_LARGE,
    BodyTooSlowError: PlainTextResponse("The body did not come in time.", 408, _CLOSE),
    SenderGoneError: PlainTextResponse("The body did not come to its end.", 400, _CLOSE),
    OverloadedError: _OVERLOADED,
    NotTakenError: PlainTextResponse("The store takes too long. Try again.", 503, _LATER),
    WebhookStoreError: PlainTextResponse("The store does not work. Try again.", 503, _LATER),
}
"""The answers to deliveries that are not stored, by what went wrong."""


class Receiver:
    """An ASGI application that takes deliveries.

    Args:
        has_paths: whether the first part of the path is the project.
    """

    def __init__(
        self, check: SecretCheck, bodies: BodyReader, commits: GroupCommit, metrics: Metrics, *, has_paths: bool
    ) -> None:
        self._check = check
        self._bodies = bodies
        self._commits = commits
        self._metrics = metrics
        self._has_paths = has_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except tuple(_REFUSALS) as error:
            answer = _refusal(error)
        if answer in _UNREAD:
            await discard(receive)
        self._metrics.answered(answer.status_code)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        project = scope["path"].strip("/").partition("/")[0] if self._has_paths else DEFAULT_PROJECT
        if not self._check.knows(project):
            return _NO_PROJECT
        if not self._check.allows(project, scope):
            return _WRONG_SECRET
        body = await self._bodies.read(scope, receive)
        now = time.time_ns() // 1_000
        try:
            delivery = Delivery(now, project, event_name(body), body)
        except MalformedBodyError as error:
            await self._commits.store(MalformedBody(now, project, str(error), body))
            return PlainTextResponse(f"The body is no JSON object: {error}.", 400)
        await self._commits.store(delivery)
        return _OK


def _refusal(error: Exception) -> Response:
    return next(_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS)
