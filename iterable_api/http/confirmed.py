"""Requests whose success is verified by the form of the answer."""

from __future__ import annotations

from typing import Any

from iterable_api.errors import UnknownOutcomeError, UnreadableAnswerError
from iterable_api.facts.endpoints import facts_of, success_of
from iterable_api.http.api_request import Params, PathParams
from iterable_api.http.client import IterableClient
from iterable_api.redaction import texts_in
from iterable_api.waiting.retry_policy import UNREADABLE_ANSWER


def confirmed(
    client: IterableClient,
    method: str,
    path: str,
    *,
    path_params: PathParams | None = None,
    params: Params | None = None,
    json: Any = None,
    data: bytes | None = None,
    repeatable: bool = True,
) -> dict[str, Any]:
    """The JSON of an answer that has the form of this endpoint's success; see `EndpointFacts`.

    The arguments are those of `IterableClient.request`.

    Raises:
        IterableError: as `IterableClient.request` does.
        UnknownOutcomeError: also if a call that must not be repeated got a 2xx answer of another form.
        UnreadableAnswerError: if all attempts of a repeatable call got such answers.
    """
    success = success_of(method, path)
    may_repeat = repeatable and facts_of(method, path).repeatable
    problem = ""
    for _ in range(UNREADABLE_ANSWER.attempts if may_repeat else 1):
        response = client.request(
            method, path, path_params=path_params, params=params, json=json, data=data, repeatable=repeatable
        )
        try:
            return success.read(response.content, texts_in(path_params, params, json, data))
        except UnreadableAnswerError as error:
            problem = f"{method} {path} answered {response.status_code} {error}"
    if may_repeat:
        raise UnreadableAnswerError(problem)
    raise UnknownOutcomeError(f"{problem}; it may or may not have taken effect")
