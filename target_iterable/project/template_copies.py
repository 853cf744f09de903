"""Copies of another project's templates: by which `clientTemplateId` they are found here."""

from __future__ import annotations

import logging
from typing import Final

from iterable_api.facts.template_contents import BY_CLIENT_TEMPLATE_ID, PATH_PARTS
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed

_logger: Final = logging.getLogger("target-iterable")


class TemplateCopies:
    """Copies of templates. They need no memory of earlier runs, because their `clientTemplateId` says what they are."""

    def __init__(self, client: IterableClient) -> None:
        self._client = client
        # (Medium, clientTemplateId) -> id of the template that has it in the other project.
        self._owners: dict[tuple[str, str], int] = {}
        self._left_out: set[str] = set()
        self._told_unreadable = False

    def client_template_id(self, medium: str, there: int, given: str | None) -> str:
        """The `clientTemplateId` of the copy of a template that has the id `there` in the other project.

        It is `given`, unless another template of this run has that, too: Iterable would write both into one.
        """
        if given and self._owners.setdefault((medium, given), there) == there:
            return given
        return _copy_of(there)

    def find(self, there: int) -> int | None:
        """The id of the base template here that is the copy of a campaign's template; None if there is none.

        Copies that campaigns here have of it are passed over.
        """
        answer = confirmed(self._client, "GET", BY_CLIENT_TEMPLATE_ID, params={"clientTemplateId": _copy_of(there)})
        bases = [found["templateId"] for found in answer["templates"] if found.get("campaignId") is None]
        return min(bases, default=None)

    def tell_unreadable(self) -> None:
        """Warn once a run that campaigns of some media are not copied."""
        if not self._told_unreadable:
            self._told_unreadable = True
            _logger.warning(
                "Campaigns of the media %s only are copied: the API cannot read and write templates of others.",
                ", ".join(PATH_PARTS),
            )

    def tell_left_out(self, member: str) -> None:
        """Warn once a run that this member of templates is not copied."""
        if member not in self._left_out:
            self._left_out.add(member)
            _logger.warning(
                "A template has `%s`, which means something of the other project only: it is left out here. Set it in "
                "Iterable.",
                member,
            )


def _copy_of(there: int) -> str:
    return f"copy-of-{there}"
