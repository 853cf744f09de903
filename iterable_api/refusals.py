"""Texts of refusals that say what is not there.

Iterable has changed its texts over the years: those of 2017 to 2023 are in recordings of the real API, in a public Ruby
client; the others in tests of public clients (TypeScript, Go), in loaders and in Iterable's contract. Clients have to
know all of them, since nobody has said that an old one is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

UNKNOWN_LIST: Final = ("error.lists.invalidListId", "Invalid email list id")
"""No list has the id: of a newer answer, and of one of 2017."""
UNKNOWN_USER_CODES: Final = ("error.users.noUserWithIdExists", "UnknownUserIdError", "UnknownEmailError")
"""No user has the identifier: as Block's Go client expects it of a GET by userId, and as the contract lists."""
UNKNOWN_USER: Final = ("No user exists", "No user with that id exists")
"""No user has the identifier: as recorded of another endpoint in 2023, and as plain text of 2017."""
NOBODY_TO_DELETE: Final = ("User does not exist", "No users with userId")
"""A DELETE by userId found nobody: of 2021, and of 2017."""

FIXED_TEXTS: Final = (*UNKNOWN_LIST, *UNKNOWN_USER, *NOBODY_TO_DELETE)
"""All of them: they quote nothing, so they stay as they are even if a record holds one of their words."""


def names_unknown_list(message: str) -> bool:
    """Whether the text of a refusal says that no list has the id."""
    return any(text in message for text in UNKNOWN_LIST)


def begins_with(message: str, texts: Collection[str]) -> bool:
    """Whether the text of a refusal begins with one of `texts`."""
    return message.startswith(tuple(texts))
