"""Browsers that receive push messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.objects.base.base import IterableObject
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import needed_text
from target_iterable.requests.bulk_response import all_written

_REGISTER: Final = single_row_endpoint("/api/users/registerBrowserToken", all_written)


class Browsers(IterableObject):
    """Browsers that receive push messages. `api_key` must be a mobile or JavaScript key: other keys cannot write them.

    email, userId: the owner of the browser.
    browserToken: the token that Firebase has given to the browser.
    """

    spec = ObjectSpec("browsers", streams=("browsers",), modes=("register",))
    example: ClassVar[Mapping[str, Any]] = {"email": "ann@example.com", "browserToken": "dQw4w9WgXcQ:APA91bHun4MxP5"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Register one browser. Its token is a name, too, so rows of a browser keep their order."""
        del key
        identity = self.identities.pop_identity(row)
        token = needed_text("browserToken", row.pop("browserToken", None))
        self.leave_out(row)
        return Operation(
            endpoint=_REGISTER,
            part=dumps({**identity.sent, "browserToken": token}),
            names=(*identity.names, ("browserToken", token)),
            dedup_scope=f"browser {token}",
        )
