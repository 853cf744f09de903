"""Forms of successes; `endpoints` has the form of each endpoint.

A 2xx status proves nothing: a gateway, a proxy or a maintenance page answers 200 as well, and Iterable's own error
envelope has been seen under it. A record counts as written only when the body has the form below.

Sources, in the order of their weight:

- recordings of the real API, 2017 to 2023, in a public Ruby client and in the tests of public loaders;
- Iterable's own TypeScript client (0.13.0), which accepts nothing but the forms below;
- Iterable's contract (Swagger, July 2026). It gives 201 and 202 of catalogs and subscriptions no body, but all
  recordings and the client have the envelope there.

No source knows a 204 or an empty body for any of these endpoints, nor a success without `code` where there is an
envelope. Members that are not named here may be there or not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from iterable_api.errors import UnreadableAnswerError
from iterable_api.redaction import redact

SUCCESS: Final = "Success"
ACCEPTED: Final = "Accepted"


@dataclass(frozen=True)
class SuccessResponse:
    """The form of a success.

    Attributes:
        form: the form in words, for error texts.
        fits: whether a JSON object has the form. It need not look at `code`: see `codes`.
        sample: the smallest body of this form.
        codes: the values that `code` may have, where the object has one. A success without envelope has none.
    """

    form: str
    fits: Callable[[Mapping[str, Any]], bool]
    sample: Mapping[str, Any]
    codes: frozenset[str] = frozenset({SUCCESS})

    def read(self, body: bytes, sent: Iterable[str] = ()) -> dict[str, Any]:
        """The JSON object in the body of a 2xx answer. `sent` are values of the request that it may quote.

        Raises:
            UnreadableAnswerError: if that is no success. Its text holds nothing of the body but `code`, redacted.
        """
        try:
            answer = decode_answer(body)
        except (ValueError, RecursionError):
            raise self._unlike("something that is not JSON" if body.strip() else "nothing") from None
        if not isinstance(answer, dict):
            raise self._unlike("JSON that is not an object")
        code = answer.get("code", SUCCESS)
        if not isinstance(code, str) or code not in self.codes:
            raise self._unlike(f"the code {redact(str(code), sent)!r}")
        if not self.fits(answer):
            raise self._unlike("another object")
        return answer

    def _unlike(self, seen: str) -> UnreadableAnswerError:
        return UnreadableAnswerError(f"with {seen} instead of {self.form}")


def catalog_data(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of an answer about catalogs: recordings have it in `params` of the envelope, the contract bare."""
    wrapped = answer.get("params")
    return wrapped if isinstance(wrapped, dict) else answer


def _has_code(answer: Mapping[str, Any]) -> bool:
    return "code" in answer


def _has_counts(answer: Mapping[str, Any]) -> bool:
    return all(_is_whole(answer.get(name)) and answer[name] >= 0 for name in ("successCount", "failCount"))


def _has_id(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda answer: _is_whole(answer.get(name))


def _is_array(name: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda answer: isinstance(answer.get(name), list)


def _has_things(name: str) -> Callable[[Mapping[str, Any]], bool]:
    """An array of objects with an id and a name."""
    return lambda answer: _all_are(answer.get(name), lambda thing: _is_whole(thing.get("id")) and _is_named(thing))


def _has_catalogs(answer: Mapping[str, Any]) -> bool:
    return _all_are(catalog_data(answer).get("catalogNames"), _is_named)


def _has_templates(answer: Mapping[str, Any]) -> bool:
    return _all_are(answer.get("templates"), lambda template: _is_whole(template.get("templateId")))


def _has_user(answer: Mapping[str, Any]) -> bool:
    """An unknown user is `{}`, as recordings have it, or a `user` with nothing in it, as clients tolerate it."""
    return not answer or ("user" in answer and isinstance(answer["user"], dict | None))


def _all_are(things: object, fits: Callable[[Mapping[str, Any]], bool]) -> bool:
    return isinstance(things, list) and all(isinstance(thing, dict) and fits(thing) for thing in things)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_named(thing: Mapping[str, Any]) -> bool:
    return isinstance(thing.get("name"), str)


def _array(name: str, fits: Callable[[Mapping[str, Any]], bool]) -> SuccessResponse:
    return SuccessResponse(f"a JSON object with an array `{name}`", fits, {name: []})


ENVELOPE: Final = SuccessResponse(
    "a JSON object whose `code` is Success", _has_code, {"msg": "", "code": SUCCESS, "params": None}
)
QUEUED: Final = SuccessResponse(
    "a JSON object whose `code` is Success or Accepted",
    _has_code,
    {"msg": "", "code": SUCCESS, "params": None},
    frozenset({SUCCESS, ACCEPTED}),
)
"""For endpoints that have a 202 beside the 200 in the contract. Clients of subscriptions have met both codes."""
COUNTS: Final = SuccessResponse(
    "a JSON object with the numbers `successCount` and `failCount`", _has_counts, {"successCount": 0, "failCount": 0}
)
"""Answers of 2017 and 2021 have no other members; `requests/bulk_response.py` reads those that may be there."""
LIST_ID: Final = SuccessResponse("a JSON object with a whole number `listId`", _has_id("listId"), {"listId": 1})
ARCHIVED: Final = SuccessResponse(
    "a JSON object with arrays `success` and `failed`",
    lambda answer: _is_array("success")(answer) and _is_array("failed")(answer),
    {"success": [], "failed": []},
)
"""The contract gives no body; Iterable's client wants both arrays."""
CAMPAIGN: Final = SuccessResponse(
    "a JSON object with a whole number `id` and a text `campaignState`",
    lambda answer: _is_whole(answer.get("id")) and isinstance(answer.get("campaignState"), str),
    {"id": 1, "campaignState": "Draft"},
)
CAMPAIGN_ID: Final = SuccessResponse(
    "a JSON object with a whole number `campaignId`", _has_id("campaignId"), {"campaignId": 1}
)
SNIPPET_ID: Final = SuccessResponse(
    "a JSON object with a whole number `snippetId`", _has_id("snippetId"), {"snippetId": 1}
)
"""The contract does not say that `snippetId` must be there; Iterable's client does."""
USER: Final = SuccessResponse("a JSON object that is empty or has an object `user`", _has_user, {})
FIELDS: Final = SuccessResponse(
    "a JSON object with an object `fields`", lambda answer: isinstance(answer.get("fields"), dict), {"fields": {}}
)
FIELD_MAPPINGS: Final = SuccessResponse(
    "a JSON object with an object `definedMappings`",
    lambda answer: isinstance(catalog_data(answer).get("definedMappings"), dict),
    {"definedMappings": {}},
)
HASHED_EMAILS: Final = _array("hashedEmails", _is_array("hashedEmails"))
HASHED_USER_IDS: Final = _array("hashedUserIds", _is_array("hashedUserIds"))
LISTS: Final = _array("lists", _has_things("lists"))
CHANNELS: Final = _array("channels", _has_things("channels"))
MESSAGE_TYPES: Final = _array("messageTypes", _has_things("messageTypes"))
TEMPLATES: Final = _array("templates", _has_templates)
CATALOGS: Final = _array("catalogNames", _has_catalogs)


def decode_answer(body: bytes) -> Any:
    """The value in the body of an answer, without a copy of it as text: answers can have a gigabyte.

    Raises:
        ValueError, RecursionError: if it is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # It reads more, such as a byte order mark.
        return json.loads(body)
