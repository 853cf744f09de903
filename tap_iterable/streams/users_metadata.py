"""Fields of user profiles, and forgotten users."""

from __future__ import annotations

from typing import Any, Final

from iterable_api.errors import BadRequestError, IterableError
from iterable_api.facts.identity import ProjectType
from tap_iterable.export.json_answers import array_in, object_in
from tap_iterable.stream_types.resource_stream import ComposedStream, RowIterator

FIELDS: Final = "/api/users/getFields"

EMAILS: Final = ("email", "/api/users/forgotten", "hashedEmails")
USER_IDS: Final = ("userId", "/api/users/forgottenUserIds", "hashedUserIds")
_FORGOTTEN: Final = {
    ProjectType.EMAIL: (EMAILS,),
    ProjectType.USER_ID: (USER_IDS,),
    ProjectType.HYBRID: (EMAILS, USER_IDS),
}
"""Identifiers that may be requested: a project answers with an error for those that it does not use."""


class WrongProjectTypeError(IterableError):
    """The project does not identify users as `project_type` has it."""


class UserFieldsStream(ComposedStream):
    """Fields of user profiles."""

    name = "user_fields"
    primary_keys = ("name",)
    endpoints = (FIELDS,)
    cost = "1 request"

    def rows(self) -> RowIterator:
        """Every field."""
        for name, kind in object_in(self.client.get_json(FIELDS), "fields", FIELDS).items():
            yield {"name": name, "type": kind}


class ForgottenUsersStream(ComposedStream):
    """Hashes of forgotten users."""

    name = "forgotten_users"
    primary_keys = ("identifier", "hash")
    endpoints = (EMAILS[1], USER_IDS[1])
    cost = "1 request, 2 in a hybrid project"

    def rows(self) -> RowIterator:
        """Every hash."""
        for identifier, path, array in _FORGOTTEN[ProjectType(self.config["project_type"])]:
            for hashed in array_in(self._answer(path), array, path):
                yield {"identifier": identifier, "hash": hashed}

    def _answer(self, path: str) -> Any:
        try:
            return self.client.get_json(path)
        except BadRequestError as error:
            raise WrongProjectTypeError(
                f"{error}. `project_type` is {self.config['project_type']}: compare that with the project's settings."
            ) from None
