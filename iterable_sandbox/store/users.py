"""Users, stored and found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from iterable_sandbox.json_text import from_own_json, to_json_lines
from iterable_sandbox.store.database import Database, Row, Saving
from iterable_sandbox.store.expected_users import ExpectedUsers
from iterable_sandbox.store.user import User

_COLUMNS: Final = "id, email, user_id, updated_at, body"
_SAVE: Final = f"""INSERT INTO users ({_COLUMNS}) VALUES {{rows}} ON CONFLICT (id) DO UPDATE SET
    email = excluded.email, user_id = excluded.user_id, updated_at = excluded.updated_at, body = excluded.body"""  # noqa: S608 (a constant)


class Users:
    """The users of the project. E-mails are lower-case already; userIds are exact."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._expected: ExpectedUsers | None = None

    @contextmanager
    def expecting(self, emails: Collection[str], user_ids: Collection[str]) -> Iterator[ExpectedUsers]:
        """Look for many users at once, and write all together that are saved; in a transaction that deletes none."""
        last_id = self._database.number("SELECT seq FROM sqlite_sequence WHERE name = 'users'")
        self._expected = expected = ExpectedUsers(self._first, last_id)
        try:
            self._expect(expected, "email", emails)
            self._expect(expected, "user_id", user_ids)
            yield expected
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
        return self._first("id", row_id)

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
                user.id = user.id or self._expected.new_id()
                self._database.save(_SAVING, user.id, self._expected.keep(user))
            else:
                written = self._database.write(_SAVE.format(rows="(?, ?, ?, ?, ?)"), *_rows([user]))
                user.id = user.id or written.lastrowid or 0

    def add(self, users: Iterable[User]) -> None:
        """Store many new users whose `id` is chosen."""
        self._database.save_many(_SAVING, users)

    def count(self) -> int:
        """How many there are."""
        return self._database.number("SELECT count(*) FROM users")

    def _one(self, column: str, value: str) -> User | None:
        with self._database.lock:
            if self._expected is None:
                return self._first(column, value)
            found = self._expected.first(column, value)
            return None if found is None else found.copy()

    def _first(self, column: str, value: str | int) -> User | None:
        sql = f"SELECT {_COLUMNS} FROM users WHERE {column} = ? ORDER BY id LIMIT 1"  # noqa: S608 (constants)
        row = self._database.row(sql, (value,))
        return None if row is None else _user(row)

    def _expect(self, expected: ExpectedUsers, column: str, values: Collection[str]) -> None:
        ids = f"SELECT min(id) FROM users WHERE {column} IN ({{keys}}) GROUP BY {column}"  # noqa: S608 (constants)
        rows = self._database.rows_of(f"SELECT {_COLUMNS} FROM users WHERE id IN ({ids})", values)  # noqa: S608 (constants)
        found = {getattr(user, column): user for user in map(_user, rows)}
        for value in values:
            expected.learn(column, value, found.get(value))


def _rows(users: Sequence[User]) -> Iterable[Row]:
    """The id of a user who has none yet is left to the database."""
    bodies = to_json_lines([user.profile for user in users])
    return [
        (user.id or None, user.email, user.user_id, user.updated_at, body)
        for user, body in zip(users, bodies, strict=True)
    ]


_SAVING: Final = Saving(_SAVE, _rows)


def _user(row: Row) -> User:
    row_id, email, user_id, updated_at, body = row
    return User(email, user_id, updated_at, from_own_json(body), row_id)
