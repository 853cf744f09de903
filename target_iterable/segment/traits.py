"""Finds the user of a call, in its identifiers and traits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from iterable_api.facts.identity import is_valid_email, normalise_email, valid_emails
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.ids import key_text
from target_iterable.records.json_texts import from_json
from target_iterable.segment.call import Call

_MAX_ADDRESSES: Final = 100_000
"""Addresses that are remembered at most."""
USER_CALLS: Final = ("identify", "user")
"""Types of calls whose traits are those of the user; the traits of a group call are those of the group."""


class TraitsReader:
    """Finds the user of each call.

    An email-based project may need a minute until it finds a new user by the userId: until then it refuses calls that
    have only that, and with `placeholder_users` a purchase creates a second user. So the addresses of users whose
    traits have both are remembered, for calls that have only the userId.

    Args:
        by_address: whether the project identifies users by their addresses.
        skips_anonymous: whether anonymous calls are skipped instead of rejected.

    Attributes:
        by_address: the same.
    """

    def __init__(self, *, by_address: bool, skips_anonymous: bool = False) -> None:
        self.by_address = by_address
        self._skips_anonymous = skips_anonymous
        self._addresses: OrderedDict[str, object] = OrderedDict()

    def user_of(self, call: Call) -> Row:
        """`userId` and `email` of the call's user, as far as they are known.

        Raises:
            RecordRejectedError: for an anonymous call.
            RecordSkippedError: for an anonymous call, if such calls are skipped.
        """
        email = email_of(call.type, call.user_id, call.body.get("email"), call.context.get("email"))
        if email in EMPTY:
            email = next(iter(_external_addresses(call)), None)
        email = self.address(call.type, call.user_id, email)
        named = {name: value for name, value in (("userId", call.user_id), ("email", email)) if value not in EMPTY}
        if not named and call.is_anonymous:
            self._refuse_anonymous()
        return named

    def other_addresses(self, call: Call, user: Row) -> list[str]:
        """Further addresses of the user: each is a user of its own where addresses identify users."""
        first = normalise_email(str(user.get("email", "")))
        return [email for email in _external_addresses(call) if email != first] if self.by_address else []

    def clear_addresses(self) -> None:
        """Forget all addresses, because the address of a user changes."""
        self._addresses.clear()

    def _refuse_anonymous(self) -> None:
        if self._skips_anonymous:
            raise RecordSkippedError
        raise RecordRejectedError("anonymousCall", "it has only an anonymousId, which Iterable does not know", "userId")

    def address(self, type_: str, user_id: object, email: object) -> object:
        """The address in a call; where addresses identify users, else the remembered one, or a userId that is one.

        That of a call about the user is remembered.
        """
        text = key_text(user_id) if self.by_address else None
        if not text:
            return email
        if email in EMPTY:
            return self._addresses.get(text) or (text if is_address(text) else None)
        if type_ in USER_CALLS and is_address(email):
            self._remember(text, email)
        return email

    def addresses(self, type_: str, user_ids: Sequence[object], emails: Sequence[object]) -> list[object]:
        """The same of several calls of one type, in their order."""
        if self.by_address and type_ in USER_CALLS:
            ids = [id_ for id_ in user_ids if id_.__class__ is str and id_]
            texts = [text for text in emails if text.__class__ is str]
            if len(ids) == len(texts) == len(emails) and valid_emails(texts) is not None:
                self._remember_all(ids, texts)
                return [*texts]
        return [self.address(type_, *both) for both in zip(user_ids, emails, strict=True)]

    def _remember(self, user_id: str, email: object) -> None:
        self._addresses[user_id] = email
        self._addresses.move_to_end(user_id)
        self._forget_oldest()

    def _remember_all(self, user_ids: Sequence[str], emails: Sequence[str]) -> None:
        """Do as `_remember` of each does."""
        if len({*user_ids}) < len(user_ids):
            for user_id, email in zip(user_ids, emails, strict=True):
                self._remember(user_id, email)
            return
        for user_id in [user_id for user_id in user_ids if user_id in self._addresses]:
            del self._addresses[user_id]
        self._addresses.update(zip(user_ids, emails, strict=True))
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        while len(self._addresses) > _MAX_ADDRESSES:
            self._addresses.popitem(last=False)


def email_of(type_: str, user_id: object, of_body: object, of_context: object) -> object:
    """The address of the user, from the traits of a call or of its context.

    A property `email` may be another person's, so it counts only if there is no other identifier.
    """
    if type_ in USER_CALLS or (of_context in EMPTY and user_id in EMPTY):
        return of_body or of_context
    return of_context


def _external_addresses(call: Call) -> list[str]:
    """The valid addresses in `context.externalIds`, each once. Warehouses keep the array as text."""
    ids = from_json(call.context.get("externalIds"))
    if not isinstance(ids, list):
        return []
    given = [id_.get("id") for id_ in ids if isinstance(id_, dict) and id_.get("type") == "email" and _is_plain(id_)]
    return [*dict.fromkeys(normalise_email(str(value)) for value in given if is_address(value))]


def _is_plain(id_: Row) -> bool:
    """Whether an external id is not hashed."""
    return id_.get("encoding") in (*EMPTY, "none")


def is_address(value: object) -> bool:
    """Whether `value` is an e-mail address."""
    return isinstance(value, str) and is_valid_email(normalise_email(value))
