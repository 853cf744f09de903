"""Resolution of type clashes: which rows of a refused request are sent again, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from iterable_api.errors import FieldTypeError
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.field_types.assumed_types import AssumedTypes, learn_from
from target_iterable.field_types.fitting import ScopedPath
from target_iterable.field_types.registry import FieldTypes


@dataclass(frozen=True)
class Resolution:
    """Rows of a refused request, in the order in which they are sent again.

    Attributes:
        now: rows to send at once.
        later: groups of rows to send when all others have their results.
        inconsistent: row -> reasons, for those of `now` whose values of one field do not fit each other.
    """

    now: Sequence[Operation] = ()
    later: Sequence[Sequence[Operation]] = ()
    inconsistent: Mapping[Operation, Sequence[RejectReason]] = field(default_factory=dict)


class ClashResolver:
    """Resolver of the type clashes of one batch. Each resolution leaves less to be sent together."""

    def __init__(self, types: FieldTypes) -> None:
        self._types = types
        self._assumed: dict[ScopedPath, str] = {}

    def learn(self, rows: Sequence[Operation], created: AbstractSet[str]) -> None:
        """Learn from accepted rows, which have created the fields at the paths `created`."""
        learn_from(self._types, rows, created, self._assumed)

    def resolve(self, rows: Sequence[Operation], error: FieldTypeError, sent_at: int) -> Resolution | None:
        """Find the rows that explain the clashes; None if no row does.

        Args:
            rows: rows of the refused request.
            error: the refusal.
            sent_at: version of the field types when the request was sent.

        Raises:
            IterableError: if types must be read again, and cannot be.
        """
        if self._types.is_outdated(error.clashes, rows, sent_at):
            return Resolution(rows)
        assumed = self._types.learn_clashes(error.clashes, rows)
        self._assumed |= assumed
        assumed_types = AssumedTypes(self._types, assumed)
        suspects = assumed_types.suspects(rows)
        if not suspects:
            self._types.require_whole_numbers(error.clashes, rows)
            suspects = assumed_types.suspects(rows)
        if not suspects:
            return None
        return self._separate(rows, suspects, assumed_types) if assumed else Resolution(rows)

    def _separate(
        self, rows: Sequence[Operation], suspects: Sequence[Operation], assumed_types: AssumedTypes
    ) -> Resolution:
        """Separate rows that clash with types which may be those of other rows.

        The other rows come first, since they make the types those of the project.
        """
        suspected = set(suspects)
        if others := [row for row in rows if row not in suspected]:
            return Resolution(others, [suspects])
        if inconsistent := assumed_types.inconsistent_rows(rows):
            if consistent := [row for row in rows if row not in inconsistent]:
                return Resolution(consistent, [[*inconsistent]])
            return Resolution(rows, inconsistent=inconsistent)
        return self._with_types_read_again(rows, assumed_types)

    def _with_types_read_again(self, rows: Sequence[Operation], assumed_types: AssumedTypes) -> Resolution:
        """Resolve rows none of which explains the types they clash with: other requests must have made these.

        Where Iterable tells no types, as for events, one row is tried alone: its refusal proves them.
        """
        self._types.refresh({row.type_scope for row in rows})
        if self._types.clashing_rows(rows):
            return Resolution(rows)
        if len(rows) > 1:
            return Resolution(later=(rows[:1], rows[1:]))
        assumed_types.confirm(rows[0].type_scope)
        return Resolution(rows)
