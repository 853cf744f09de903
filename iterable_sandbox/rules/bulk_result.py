"""The answer of a bulk write: how many rows went in, and who did not, by bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from iterable_sandbox.rules.field_types import FieldDraft
from iterable_sandbox.rules.identities import RowRefusedError, UnidentifiedRowError

USER_BUCKETS: Final = ("invalid", "notFound", "invalidData", "conflict", "forgotten")
EVENT_BUCKETS: Final = ("invalid", "notFound", "forgotten")
_IDENTIFIER_KINDS: Final = ("Emails", "UserIds")


class BulkResult:
    """Counts rows as they go. Failures are named by identifier, never by index."""

    def __init__(self, buckets: tuple[str, ...]) -> None:
        self.succeeded = 0
        self.failed = 0
        self._identifiers: dict[str, list[str]] = {
            f"{bucket}{kind}": [] for bucket in buckets for kind in _IDENTIFIER_KINDS
        }

    def apply(self, write: Callable[..., object], *columns: Sequence[Any]) -> None:
        """Write row by row, and count each: done, or refused and named.

        Answers about events have no bucket for conflicts; how the real ones name these is not known, so here they do
        not name them.
        """
        for row in zip(*columns, strict=True):
            try:
                write(*row)
                self.succeeded += 1
            except RowRefusedError as error:
                self.failed += 1
                self._identifiers.get(f"{error.bucket}{error.kind}", []).append(error.value)
            except UnidentifiedRowError:
                self.failed += 1

    def identifiers_in(self, bucket: str) -> list[str]:
        """Who is in one bucket, such as `notFoundUserIds`."""
        return self._identifiers[bucket]

    def failed_identifiers(self, kind: str) -> list[str]:
        """Everybody who failed, by e-mail or by userId."""
        return [value for name, values in self._identifiers.items() if name.endswith(kind) for value in values]

    def counts(self) -> dict[str, Any]:
        """The head of every bulk answer."""
        return {"successCount": self.succeeded, "failCount": self.failed}

    def field_changes(self, draft: FieldDraft) -> dict[str, Any]:
        """What became of new fields."""
        return {"filteredOutFields": list(draft.filtered), "createdFields": list(draft.created)}

    def failed_updates(self) -> Mapping[str, list[str]]:
        """`failedUpdates`."""
        return self._identifiers
