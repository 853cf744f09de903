"""The Iterable project that all sinks of a run write into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from iterable_api.errors import BadRequestError, ConflictError
from iterable_api.facts.identity import ProjectType
from iterable_api.facts.success_responses import catalog_data
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.field_types.coercion import FieldCoercion
from target_iterable.project.id_mapping import IdMapping
from target_iterable.project.lists import Lists
from target_iterable.project.template_copies import TemplateCopies
from target_iterable.records.phone_numbers import PhoneSpelling
from target_iterable.segment.open_carts import OpenCarts

_PAGE = 100


class Project:
    """One client, so that all sinks share one limiter, and what is known of lists, catalogs, fields and foreign ids.

    Attributes:
        open_carts: by stream, what its calls have put into carts in this run.
    """

    def __init__(
        self,
        client: IterableClient,
        type_: ProjectType,
        *,
        coerce: bool,
        spell_phone_number: PhoneSpelling | None = None,
    ) -> None:
        self.client = client
        self.type = type_
        self.lists = Lists(client)
        self.catalogs = Catalogs(client)
        self.renumbering = IdMapping(client, type_)
        self.copies = TemplateCopies(client)
        self.fields = FieldCoercion(client, coerce=coerce, spell_phone_number=spell_phone_number)
        # Streams have several sinks in a run, one after the other.
        self.open_carts = defaultdict[str, OpenCarts](OpenCarts)


class Catalogs:
    """The project's catalogs, read once. Iterable does not tell capitals in their names.

    Attributes:
        on_create: called with the name before a catalog is made.
    """

    on_create: Callable[[str], None] | None = None

    def __init__(self, client: IterableClient) -> None:
        self._client = client
        self._known: dict[str, str] | None = None

    def ensure(self, name: str) -> str:
        """The catalog's name as Iterable spells it. Makes the catalog if there is none."""
        known = self._all()
        if name.lower() not in known:
            if self.on_create is not None:
                self.on_create(name)
            self._create(name)
            known[name.lower()] = name
        return known[name.lower()]

    def spelt(self, name: str) -> str:
        """The catalog's name as Iterable spells it, if there is the catalog, or as it is."""
        return self._all().get(name.lower(), name)

    def names(self) -> set[str]:
        """The names of all catalogs."""
        return {*self._all().values()}

    def has(self, name: str) -> bool:
        """Whether there is the catalog."""
        return name.lower() in self._all()

    def _all(self) -> dict[str, str]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _create(self, name: str) -> None:
        """Another process may have been quicker; the contract does not say how Iterable puts that."""
        try:
            confirmed(self._client, "POST", "/api/catalogs/{catalogName}", path_params={"catalogName": name})
        except (BadRequestError, ConflictError):
            if name.lower() not in self._read():
                raise

    def _read(self) -> dict[str, str]:
        return {name.lower(): name for name in self._names()}

    def _names(self) -> Iterator[str]:
        page, more = 1, True
        while more:
            answer = confirmed(self._client, "GET", "/api/catalogs", params={"page": page, "pageSize": _PAGE})
            found = catalog_data(answer)
            yield from (entry["name"] for entry in found["catalogNames"])
            page, more = page + 1, bool(found.get("nextPageUrl"))
