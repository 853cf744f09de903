"""Users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.cache.user_cache import UserCache
from iterable_sandbox.store.sql.database import BulkInsert, Database, Row, like
from iterable_sandbox.store.sql.name_index import NameIndex
from iterable_sandbox.wire.json_text import from_own_json, to_json_lines

_COLUMNS: Final = "id, email, user_id, updated_at, body"
_INSERT_SQL: Final = f"INSERT OR REPLACE INTO users ({_COLUMNS}) VALUES {{rows}}"  # noqa: S608 (a constant)


class Users:
    """Users of the project. E-mails are in lower case already; userIds are case-sensitive."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names = NameIndex(
            database,
            names_sql="""SELECT 'email', email, id FROM users WHERE email IS NOT NULL
                UNION ALL SELECT 'user_id', user_id, id FROM users WHERE user_id IS NOT NULL""",
            last_row_sql="SELECT seq FROM sqlite_sequence WHERE name = 'users'",
        )
        self._prefetched: UserCache | None = None

    @contextmanager
    def prefetch(self, emails: Iterable[str], user_ids: Iterable[str]) -> Iterator[UserCache]:
        """Cache many users for the `with` block, which must be inside a transaction that deletes none."""
        ids = {*self._names.rows_by_names("email", emails), *self._names.rows_by_names("user_id", user_ids)}
        sql = f"SELECT {_COLUMNS} FROM users WHERE id IN ({{keys}})"  # noqa: S608 (a constant)
        found = {user.id: user for user in map(_user, self._database.rows_by_keys(sql, ids))}
        self._prefetched = expected = UserCache(found, self._names.last_row)
        try:
            yield expected
        finally:
            self._prefetched = None

    def by_email(self, email: str) -> User | None:
        """Find a user by e-mail. If several share it, the first one."""
        return self._first("email", email)

    def by_user_id(self, user_id: str) -> User | None:
        """Find a user by userId. If several share it, the first one."""
        return self._first("user_id", user_id)

    def by_row(self, row_id: int) -> User | None:
        """Find a user by row id."""
        with self._database.lock:
            expected = None if self._prefetched is None else self._prefetched.get(row_id)
            return expected or self._read(row_id)

    def sharing(self, user_id: str) -> list[User]:
        """List all users who share a userId."""
        with self._database.lock:
            return [*self._all("user_id", user_id)]

    def with_device(self, token: str) -> list[User]:
        """List all users who have a device."""
        devices = "SELECT * FROM json_each(body, '$.devices') WHERE value ->> 'token' = ?"
        sql = f"SELECT {_COLUMNS} FROM users WHERE EXISTS ({devices})"  # noqa: S608 (constants)
        return [_user(row) for row in self._database.rows(sql, (token,))]

    def with_phone(self, number: str) -> User | None:
        """Find a user by phone number. If several share it, the first one."""
        sql = f"SELECT {_COLUMNS} FROM users WHERE body ->> 'phoneNumber' = ? ORDER BY id LIMIT 1"  # noqa: S608 (constants)
        row = self._database.row(sql, (number,))
        return None if row is None else _user(row)

    def delete(self, user: User) -> None:
        """Delete a user."""
        self._database.write("DELETE FROM users WHERE id = ?", (user.id,))

    def save(self, user: User) -> None:
        """Create or replace a user."""
        with self._database.lock:
            self._with_row(user)
            if self._prefetched is not None:
                self._database.save(_INSERT_USERS, user.id, self._prefetched.put(user))
            else:
                self._database.save_many(_INSERT_USERS, [user])

    def add(self, users: Iterable[User]) -> None:
        """Store many new users."""
        self._database.save_many(_INSERT_USERS, map(self._with_row, users))

    def latest(self, limit: int, *, part: str = "", before: int | None = None) -> list[User]:
        """The users whose address or userId has `part` in it, the newest first, below the row id `before`."""
        sql = f"""SELECT {_COLUMNS} FROM users WHERE (email LIKE :part ESCAPE '!' OR user_id LIKE :part ESCAPE '!')
            AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit"""  # noqa: S608 (a constant)
        return [_user(row) for row in self._database.rows(sql, {"part": like(part), "before": before, "limit": limit})]

    def count(self) -> int:
        """Number of users."""
        return self._database.number("SELECT count(*) FROM users")

    def _with_row(self, user: User) -> User:
        """Set the row id of a new user, and index the identifiers."""
        user.id = user.id or self._names.new_row()
        for column, name in (("email", user.email), ("user_id", user.user_id)):
            if name is not None:
                self._names.add(column, name, user.id)
        return user

    def _first(self, column: str, name: str) -> User | None:
        with self._database.lock:
            return next(self._all(column, name), None)

    def _all(self, column: str, name: str) -> Iterator[User]:
        for row_id in self._names.rows(column, name):
            user = self.by_row(row_id)
            if user is not None and getattr(user, column) == name:
                yield user

    def _read(self, row_id: int) -> User | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM users WHERE id = ?", (row_id,))  # noqa: S608 (a constant)
        return None if row is None else _user(row)


def _rows(users: Sequence[User]) -> Iterable[Row]:
    bodies = to_json_lines([user.profile for user in users])
    return [
        (user.id, user.email, user.user_id, user.updated_at, body) for user, body in zip(users, bodies, strict=True)
    ]


_INSERT_USERS: Final = BulkInsert(_INSERT_SQL, _rows)


def _user(row: Row) -> User:
    row_id, email, user_id, updated_at, body = row
    return User(email, user_id, updated_at, from_own_json(body), row_id)
