"""Lists and their members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from iterable_sandbox.store.cache.list_cache import ListCache
from iterable_sandbox.store.cache.user_cache import UserCache
from iterable_sandbox.store.sql.database import BulkInsert, Database, Row, like

ListType = Literal["Standard", "Dynamic", "Suppression", "Internal"]

_COLUMNS: Final = "id, name, description, created_ms, type"
_INSERT_MEMBERS: Final = BulkInsert[tuple[int, int]](
    "INSERT OR IGNORE INTO members VALUES {rows}", lambda memberships: memberships
)


@dataclass(frozen=True)
class UserList:
    """One list; `created_ms` is epoch milliseconds."""

    id: int
    name: str
    description: str | None
    created_ms: int
    type: ListType = "Standard"


@dataclass(frozen=True)
class Member:
    """Member of a list, by the row id and the identifiers of the user."""

    user: int
    email: str | None
    user_id: str | None


class Lists:
    """Lists of the project. Names need not be unique."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prefetched: ListCache | None = None

    @contextmanager
    def prefetch(self, users: UserCache) -> Iterator[None]:
        """Cache the lists of many users for the `with` block, in a transaction that deletes neither users nor lists."""
        self._prefetched = ListCache(self._memberships, users)
        try:
            yield
        finally:
            self._prefetched = None

    def all(self) -> list[UserList]:
        """All lists, by id."""
        return [UserList(*row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM lists ORDER BY id")]  # noqa: S608 (a constant)

    def get(self, list_id: int) -> UserList | None:
        """Find a list by id."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM lists WHERE id = ?", (list_id,))  # noqa: S608 (a constant)
        return None if row is None else UserList(*row)

    def create(self, name: str, description: str | None, created_ms: int, type_: ListType = "Standard") -> UserList:
        """Create a list, with an id that no list had before."""
        sql = "INSERT INTO lists (name, description, created_ms, type) VALUES (?, ?, ?, ?)"
        row = self._database.write(sql, (name, description, created_ms, type_)).lastrowid or 0
        return UserList(row, name, description, created_ms, type_)

    def insert(self, new: UserList) -> None:
        """Store a new list with a given id."""
        sql = f"INSERT INTO lists ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 (a constant)
        self._database.write(sql, (new.id, new.name, new.description, new.created_ms, new.type))

    def delete(self, list_id: int) -> None:
        """Delete a list and its memberships."""
        self._database.write("DELETE FROM members WHERE list = ?", (list_id,))
        self._database.write("DELETE FROM lists WHERE id = ?", (list_id,))

    def join(self, memberships: Iterable[tuple[int, int]]) -> None:
        """Add memberships: (list, user) pairs."""
        with self._database.lock:
            for list_id, user in memberships:
                if self._prefetched is not None:
                    self._prefetched.of(user).add(list_id)
                self._database.save(_INSERT_MEMBERS, (list_id, user), (list_id, user))

    def leave(self, list_id: int, user: int) -> None:
        """Remove a user from a list."""
        with self._database.lock:
            if self._prefetched is not None:
                self._prefetched.of(user).discard(list_id)
            self._database.write("DELETE FROM members WHERE list = ? AND user = ?", (list_id, user))

    def leave_all(self, user: int) -> None:
        """Remove a user from all lists."""
        self._database.write("DELETE FROM members WHERE user = ?", (user,))

    def of_user(self, user: int) -> list[int]:
        """Ids of the lists of a user."""
        with self._database.lock:
            if self._prefetched is not None:
                return sorted(self._prefetched.of(user))
            return [list_id for _, list_id in self._memberships([user])]

    def members(self, list_id: int) -> list[tuple[str | None, str | None]]:
        """(E-mail, userId) of all members of a list."""
        sql = "SELECT email, user_id FROM members JOIN users ON users.id = members.user WHERE list = ?"
        return [(email, user_id) for email, user_id in self._database.rows(sql, (list_id,))]

    def some_members(self, list_id: int, limit: int, *, part: str = "", after: int = 0) -> list[Member]:
        """Members whose address or userId has `part` in it, in the order of their row ids, which are above `after`."""
        sql = """SELECT users.id, email, user_id FROM members JOIN users ON users.id = members.user
            WHERE list = ? AND users.id > ? AND (email LIKE ? ESCAPE '!' OR user_id LIKE ? ESCAPE '!')
            ORDER BY members.user LIMIT ?"""
        values = (list_id, after, like(part), like(part), limit)
        return [Member(*row) for row in self._database.rows(sql, values)]

    def rows(self, list_id: int) -> list[int]:
        """Row ids of all members of a list."""
        return [row[0] for row in self._database.rows("SELECT user FROM members WHERE list = ?", (list_id,))]

    def size(self, list_id: int) -> int:
        """Number of members of a list."""
        return self._database.number("SELECT count(*) FROM members WHERE list = ?", (list_id,))

    def _memberships(self, users: Collection[int]) -> Iterable[Row]:
        return self._database.rows_by_keys("SELECT user, list FROM members WHERE user IN ({keys})", users)
