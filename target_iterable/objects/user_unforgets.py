"""Users of whom Iterable may take data again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from iterable_api.identity import ProjectType
from target_iterable.columns import Row
from target_iterable.delivery.operations import Operation, alone
from target_iterable.delivery.serialise import dumps
from target_iterable.delivery.verdicts import all_taken
from target_iterable.identities import EMAIL, IdentityRule
from target_iterable.objects.base import Destination, IterableObject
from target_iterable.routes import ObjectSpec

_UNFORGET = alone("/api/users/unforget", all_taken)


class UserUnforgets(IterableObject):
    """`email` or `userId`, by which the project has forgotten the user; other columns say nothing.

    Once for each key of the stream, or for each user where the stream has no key. What was deleted stays away.
    """

    spec = ObjectSpec(
        "user_unforgets", streams=("user_unforgets",), modes=("unforget",), of_state=False, once_per_key=True
    )

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        if self.project.type is ProjectType.EMAIL:
            # Such a project forgets by address only, says the contract.
            self.identities = IdentityRule(self.project.type, EMAIL)

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One user, by the first identifier: the contract does not take both."""
        identity = self.identities.take(row)
        kind, text = next(iter(identity.sent.items()))
        return Operation(
            endpoint=_UNFORGET,
            part=dumps({kind: text}),
            names=identity.names,
            once=self.happening(key, [(kind, text)]),
        )
