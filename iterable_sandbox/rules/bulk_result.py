"""Result of a bulk write: counts of rows, and the identifiers of failed rows by bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from iterable_sandbox.rules.field_types import FieldDraft
from iterable_sandbox.rules.identities import RowRefusedError, UnidentifiedRowError

USER_BUCKETS: Final = ("invalid", "notFound", "invalidData", "conflict", "forgotten")
EVENT_BUCKETS: Final = ("invalid", "notFound", "forgotten")
_IDENTIFIER_KINDS: Final = ("Emails", "UserIds")


class BulkResult:
    """Counts of the rows of one bulk write, and the failed ones by identifier, never by index.

    Attributes:
        failed_places: places of the failed rows among those of `apply`.

    Args:
        buckets: reasons that the response distinguishes; each has an array for e-mails and one for userIds.
    """

    def __init__(self, buckets: tuple[str, ...]) -> None:
        self.succeeded = 0
        self.failed = 0
        self.failed_places: set[int] = set()
        self._identifiers: dict[str, list[str]] = {
            f"{bucket}{kind}": [] for bucket in buckets for kind in _IDENTIFIER_KINDS
        }

    def apply(self, write: Callable[..., object], *columns: Sequence[Any]) -> None:
        """Call `write` for each row and count the result; `columns` are its arguments, row by row.

        Responses about events have no bucket for conflicts. How Iterable names such rows is not known; here they are
        counted only.
        """
        for place, row in enumerate(zip(*columns, strict=True)):
            try:
                write(*row)
                self.succeeded += 1
            except (RowRefusedError, UnidentifiedRowError) as error:
                self.failed += 1
                self.failed_places.add(place)
                if isinstance(error, RowRefusedError):
                    self._identifiers.get(f"{error.bucket}{error.kind}", []).append(error.value)

    def identifiers_in(self, bucket: str) -> list[str]:
        """Identifiers in one bucket, such as `notFoundUserIds`."""
        return self._identifiers[bucket]

    def failed_identifiers(self, kind: str) -> list[str]:
        """Identifiers of one kind (`Emails` or `UserIds`) in all buckets."""
        return [value for name, values in self._identifiers.items() if name.endswith(kind) for value in values]

    def counts(self) -> dict[str, Any]:
        """Counts, as every bulk response begins."""
        return {"successCount": self.succeeded, "failCount": self.failed}

    def field_changes(self, draft: FieldDraft) -> dict[str, Any]:
        """Fields that the write has created, and fields that it has left out."""
        return {"filteredOutFields": list(draft.filtered), "createdFields": list(draft.created)}

    def failed_updates(self) -> Mapping[str, list[str]]:
        """Buckets of identifiers, as in `failedUpdates`."""
        return self._identifiers
