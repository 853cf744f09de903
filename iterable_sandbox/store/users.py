"""Users: the identifiers as columns, the profile as the line that an export shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_sandbox.json_text import to_json
from iterable_sandbox.store.database import Database, Row

_COLUMNS: Final = "id, email, user_id, updated_at, body"


@dataclass
class User:
    """One user. `profile` holds every field, with dotted keys for Iterable's own (`itblInternal.emailDomain`).

    `updated_at` is `profileUpdatedAt` in epoch seconds. `id` is the row, 0 before the user is stored.
    """

    email: str | None
    user_id: str | None
    updated_at: int
    profile: dict[str, Any] = field(default_factory=dict)
    id: int = 0


class Users:
    """The users of the project. E-mails are lower-case already; userIds are exact."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_email(self, email: str) -> User | None:
        """The user with an address. Where several share one, the first."""
        return self._one("email", email)

    def by_user_id(self, user_id: str) -> User | None:
        """The user with a userId. Where several share one, the first."""
        return self._one("user_id", user_id)

    def by_row(self, row_id: int) -> User | None:
        """The user in a row."""
        return self._one("id", row_id)

    def sharing(self, user_id: str) -> list[User]:
        """All users with a userId."""
        sql = f"SELECT {_COLUMNS} FROM users WHERE user_id = ? ORDER BY id"  # noqa: S608 (a constant)
        return [_user(row) for row in self._database.rows(sql, (user_id,))]

    def with_device(self, token: str) -> list[User]:
        """All users who have a device."""
        devices = "SELECT * FROM json_each(body, '$.devices') WHERE value ->> 'token' = ?"
        sql = f"SELECT {_COLUMNS} FROM users WHERE EXISTS ({devices})"  # noqa: S608 (constants)
        return [_user(row) for row in self._database.rows(sql, (token,))]

    def delete(self, user: User) -> None:
        """Take a user away."""
        self._database.write("DELETE FROM users WHERE id = ?", (user.id,))

    def save(self, user: User) -> None:
        """Store a new user, or the new state of one."""
        if user.id:
            sql = "UPDATE users SET email = ?, user_id = ?, updated_at = ?, body = ? WHERE id = ?"
            self._database.write(sql, (*_values(user), user.id))
        else:
            sql = "INSERT INTO users (email, user_id, updated_at, body) VALUES (?, ?, ?, ?)"
            user.id = self._database.write(sql, _values(user)).lastrowid or 0

    def add(self, users: Iterable[User]) -> None:
        """Store many new users whose `id` is chosen."""
        sql = f"INSERT INTO users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 (a constant)
        self._database.write_many(sql, ((user.id, *_values(user)) for user in users))

    def count(self) -> int:
        """How many there are."""
        return self._database.number("SELECT count(*) FROM users")

    def _one(self, column: str, value: str | int) -> User | None:
        sql = f"SELECT {_COLUMNS} FROM users WHERE {column} = ? ORDER BY id LIMIT 1"  # noqa: S608 (constants)
        row = self._database.row(sql, (value,))
        return None if row is None else _user(row)


def _values(user: User) -> Row:
    return user.email, user.user_id, user.updated_at, to_json(user.profile)


def _user(row: Row) -> User:
    row_id, email, user_id, updated_at, body = row
    return User(email, user_id, updated_at, json.loads(body), row_id)
