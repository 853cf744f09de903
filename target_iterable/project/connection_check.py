"""A look at the connection before data flows: one request that only some projects and keys may make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from iterable_api.errors import BadRequestError, NotFoundError
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.config.setting_error import SettingError


class _Question(NamedTuple):
    """An endpoint that answers in projects of two types only, says the contract, and never to read-only keys."""

    path: str
    answered_by: str


_BY_EMAIL: Final = _Question("/api/users/forgotten", "e-mail-based or hybrid")
_BY_USER_ID: Final = _Question("/api/users/forgottenUserIds", "userID-based or hybrid")
_QUESTIONS: Final[Mapping[ProjectType, _Question]] = {
    ProjectType.EMAIL: _BY_EMAIL,
    ProjectType.USER_ID: _BY_USER_ID,
    ProjectType.HYBRID: _BY_USER_ID,
}
_TYPES: Final[Mapping[tuple[bool, bool], ProjectType | None]] = {
    (True, False): ProjectType.EMAIL,
    (False, True): ProjectType.USER_ID,
    (True, True): ProjectType.HYBRID,
    (False, False): None,
}
"""Which of the two questions a project answers -> its type."""


def project_type_of(client: IterableClient) -> ProjectType | None:
    """The type of the project, by two requests of which it answers one, or both; None if it answers none.

    Raises:
        IterableError: if the key may not ask, or Iterable cannot be reached.
    """
    return _TYPES[_is_answered(client, _BY_EMAIL), _is_answered(client, _BY_USER_ID)]


def _is_answered(client: IterableClient, question: _Question) -> bool:
    try:
        confirmed(client, "GET", question.path)
    except (BadRequestError, NotFoundError):
        return False
    return True


def check_connection(client: IterableClient, project_type: ProjectType) -> str:
    """Check the key, the region and the type of the project with one request, and return the result in a sentence.

    Raises:
        IterableError: if the key does not work there, or Iterable cannot be reached.
        SettingError: if the project is of another type.
    """
    question = _QUESTIONS[project_type]
    try:
        confirmed(client, "GET", question.path)
    except (BadRequestError, NotFoundError) as error:
        raise SettingError(
            f"`project_type` is {project_type}, but the project does not seem to be {question.answered_by}: {error}. "
            "Iterable shows the type in the project's settings."
        ) from None
    return f"The key works in this data centre and is not a read-only one, and the project is {question.answered_by}."
