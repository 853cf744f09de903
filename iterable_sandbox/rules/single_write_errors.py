"""Errors of single writes, in place of the buckets of bulk writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from iterable_sandbox.rules.identities import Bucket, Kind, RowRefusedError, UnidentifiedRowError
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope


@dataclass(frozen=True)
class _Answer:
    status: int
    code: str
    text: str


_ANSWERS: Final[Mapping[tuple[Bucket, Kind], _Answer]] = {
    ("invalid", "Emails"): _Answer(400, "InvalidEmailAddressError", "Invalid email: {}"),
    ("invalid", "UserIds"): _Answer(400, "InvalidUserIdError", "Invalid userId: {}"),
    ("notFound", "Emails"): _Answer(400, "UnknownEmailError", "User does not exist. Email: {} UserId: "),
    ("notFound", "UserIds"): _Answer(400, "UnknownUserIdError", "User does not exist. Email:  UserId: {}"),
    ("invalidData", "Emails"): _Answer(400, "BadParams", "Invalid data for user with email: {}"),
    ("invalidData", "UserIds"): _Answer(400, "BadParams", "Invalid data for user with userId: {}"),
    ("conflict", "Emails"): _Answer(409, "EmailAlreadyExists", "Email already exists: {}"),
    ("conflict", "UserIds"): _Answer(409, "UserIdAlreadyExists", "UserId already exists: {}"),
    ("forgotten", "Emails"): _Answer(409, "ForgottenUserError", "User is forgotten. Email: {}"),
    ("forgotten", "UserIds"): _Answer(409, "ForgottenUserError", "User is forgotten. UserId: {}"),
}
"""Bucket and kind of identifier -> error of a single write. Statuses and codes are those of the contract. Of the texts,
recordings have the one for a malformed e-mail and, for deletions, the one for an unknown userId."""


@contextmanager
def rows_fail_request() -> Iterator[None]:
    """Turn the error of a row into an error of the request.

    Raises:
        RefusedError: 400 or 409.
    """
    try:
        yield
    except RowRefusedError as error:
        raise request_error(error) from None
    except UnidentifiedRowError:
        raise bad_params("Either email or userId must be given") from None


def request_error(error: RowRefusedError) -> RefusedError:
    """Error of a request that writes one row, for the error of this row."""
    answer = _ANSWERS[error.bucket, error.kind]
    return RefusedError(envelope(answer.text.format(error.value), answer.code, status=answer.status))
