"""A user: identifiers, and the profile in the form of an export line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class User:
    """One user.

    Attributes:
        email: e-mail in lower case, or None.
        user_id: userId, or None.
        updated_at: `profileUpdatedAt` in epoch seconds.
        profile: all fields; Iterable's own have dotted keys (`itblInternal.emailDomain`).
        id: row id; 0 before the user is stored.
    """

    email: str | None
    user_id: str | None
    updated_at: int
    profile: dict[str, Any] = field(default_factory=dict)
    id: int = 0

    def copy(self) -> User:
        """Copy whose fields can be replaced without effect on this user. Nested values are shared."""
        return User(self.email, self.user_id, self.updated_at, {**self.profile}, self.id)
