"""Users: the identifiers as columns, the profile as the line that an export shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_sandbox.json_text import from_own_json, to_json
from iterable_sandbox.store.database import Database, Row
from iterable_sandbox.store.expected_users import PLACES, ExpectedUsers

_COLUMNS: Final = "id, email, user_id, updated_at, body"
_SAVE: Final = f"""INSERT INTO users ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    email = excluded.email, user_id = excluded.user_id, updated_at = excluded.updated_at, body = excluded.body"""  # noqa: S608 (a constant)


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
        self._expected: ExpectedUsers | None = None

    @contextmanager
    def expecting(self, emails: Collection[str], user_ids: Collection[str]) -> Iterator[None]:
        """Look for many users at once, and write all together that are saved; in a transaction that deletes none."""
        last_id = self._database.number("SELECT seq FROM sqlite_sequence WHERE name = 'users'")
        self._expected = ExpectedUsers(self._first, last_id)
        try:
            self._expect(self._expected, "email", emails)
            self._expect(self._expected, "user_id", user_ids)
            yield
        finally:
            self._expected = None

    def by_email(self, email: str) -> User | None:
        """The user with an address. Where several share one, the first."""
        return self._one("email", email)

    def by_user_id(self, user_id: str) -> User | None:
        """The user with a userId. Where several share one, the first."""
        return self._one("user_id", user_id)

    def by_row(self, row_id: int) -> User | None:
        """The user in a row."""
        row = self._first("id", row_id)
        return None if row is None else _user(row)

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
        with self._database.lock:
            if self._expected is not None:
                self._save_later(self._expected, user)
            else:
                written = self._database.write(_SAVE, _values(user))
                user.id = user.id or written.lastrowid or 0

    def add(self, users: Iterable[User]) -> None:
        """Store many new users whose `id` is chosen."""
        self._database.write_many(_SAVE, map(_values, users))

    def count(self) -> int:
        """How many there are."""
        return self._database.number("SELECT count(*) FROM users")

    def _one(self, column: str, value: str) -> User | None:
        with self._database.lock:
            look = self._first if self._expected is None else self._expected.first
            row = look(column, value)
        return None if row is None else _user(row)

    def _first(self, column: str, value: str | int) -> Row | None:
        sql = f"SELECT {_COLUMNS} FROM users WHERE {column} = ? ORDER BY id LIMIT 1"  # noqa: S608 (constants)
        return self._database.row(sql, (value,))

    def _expect(self, expected: ExpectedUsers, column: str, values: Collection[str]) -> None:
        ids = f"SELECT min(id) FROM users WHERE {column} IN ({{keys}}) GROUP BY {column}"  # noqa: S608 (constants)
        rows = self._database.rows_of(f"SELECT {_COLUMNS} FROM users WHERE id IN ({ids})", values)  # noqa: S608 (constants)
        found = {row[PLACES[column]]: row for row in rows}
        for value in values:
            expected.learn(column, value, found.get(value))

    def _save_later(self, expected: ExpectedUsers, user: User) -> None:
        user.id = user.id or expected.new_id()
        row = _values(user)
        expected.keep(row)
        self._database.write_later(_SAVE, row)


def _values(user: User) -> Row:
    """A row; its id is left to the database where the user has none yet."""
    return user.id or None, user.email, user.user_id, user.updated_at, to_json(user.profile)


def _user(row: Row) -> User:
    row_id, email, user_id, updated_at, body = row
    return User(email, user_id, updated_at, from_own_json(body), row_id)
