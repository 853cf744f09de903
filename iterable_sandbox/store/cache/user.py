"""One user: the identifiers, and the profile as the line that an export shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class User:
    """One user. `profile` holds every field, with dotted keys for Iterable's own (`itblInternal.emailDomain`).

    `updated_at` is `profileUpdatedAt` in epoch seconds. `id` is the row, 0 before the user is stored.
    """

    email: str | None
    user_id: str | None
    updated_at: int
    profile: dict[str, Any] = field(default_factory=dict)
    id: int = 0

    def copy(self) -> User:
        """The same user, whose fields can be replaced without an effect on this one."""
        return User(self.email, self.user_id, self.updated_at, {**self.profile}, self.id)
