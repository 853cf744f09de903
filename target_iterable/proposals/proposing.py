"""Proposals: the route of each stream, and what is to be said of its columns; checked as a route of the settings is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from iterable_api.facts.profile_fields import RESERVED
from target_iterable.config.route import Route
from target_iterable.config.setting_error import SettingError
from target_iterable.field_types.fitting import TYPES, TypeFitting
from target_iterable.field_types.registry import MAX_PROFILE_FIELDS, USERS
from target_iterable.proposals.candidate_makers import Candidate
from target_iterable.proposals.candidates import best_candidate, permission_of
from target_iterable.proposals.project_contents import ProjectContents
from target_iterable.proposals.roles import CATALOG_NAME, IDENTITY, squeezed
from target_iterable.proposals.source_streams import ADDRESS, ARRAY, DATE, SourceColumn, SourceStream
from target_iterable.records.deletion_marks import is_mark
from target_iterable.records.field_names import SEPARATOR
from target_iterable.records.user_identity import EMAIL, USER_ID
from target_iterable.schemas.metadata_columns import is_metadata
from target_iterable.schemas.schema_types import paths_of_fractions, types_in

ReadRoute = Callable[[str, Mapping[str, Any]], Route]
"""Takes a stream's name and its entry in the setting `streams`; returns the route. Raises SettingError."""

_PROFILES: Final = ("users", "list_members", "list_memberships")
_DATA: Final = "dataFields"
_NUMBERS: Final = frozenset({"long", "double"})
_CONVERTED: Final = frozenset({("string", "long"), ("string", "double"), ("string", "boolean")})
"""Pairs of a column's and a field's type that `coerce_types` makes fit, where the text is one of the type."""

_IDENTIFIERS: Final = {EMAIL: (ADDRESS, "an address"), USER_ID: (USER_ID, "a userId")}
"""Role -> what the values of its column are counted as, and that in words."""
_NOTHING_KNOWN: Final = (
    "No column identifies users, and neither name nor columns are those of an object. If its rows are things that "
    "messages show, `catalog_items` fits; otherwise leave it out of the source's selection."
)


@dataclass
class Proposal:
    """What is proposed for a stream.

    Attributes:
        entry: the value of the stream in the setting `streams`; empty if nothing at all is proposed.
        title: what it is for, and why.
        notes: what is to be said of its columns.
        missing: why it cannot be used as it is; empty if it can.
        reasons: column -> why the route names it.
    """

    stream: str
    entry: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def propose(stream: SourceStream, project: ProjectContents, read_route: ReadRoute) -> Proposal:
    """Propose a route for one stream."""
    candidate = best_candidate(stream, project)
    if candidate is None:
        return Proposal(stream.name, {"object": "catalog_items", "catalog": "NAME"}, missing=[_NOTHING_KNOWN])
    return _Proposing(stream, project, candidate).proposal(read_route)


class _Proposing:
    def __init__(self, stream: SourceStream, project: ProjectContents, candidate: Candidate) -> None:
        self._stream = stream
        self._project = project
        self._candidate = candidate
        self._fields: dict[str, str] = {}
        self._drop: list[str] = []
        title = f"for `{candidate.object}`, since {candidate.reason}"
        self._proposal = Proposal(
            stream.name, title=title, notes=list(candidate.notes), missing=list(candidate.missing)
        )

    def proposal(self, read_route: ReadRoute) -> Proposal:
        """The proposal, after a look at all columns."""
        made, candidate = self._proposal, self._candidate
        self._name_roles()
        if candidate.object in _PROFILES:
            self._name_known_fields()
            self._drop_reserved()
        self._drop_unnameable()
        made.entry = self._entry()
        if permission := permission_of(candidate.object):
            made.missing.append(f"It cannot be taken back, so it is refused until `{permission}` is true.")
        elif not made.missing:
            self._compare_types(read_route)
            made.entry = self._entry()
            self._check(read_route)
        self._note_marks()
        return made

    def _entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"object": self._candidate.object, **self._candidate.options}
        if self._fields:
            entry["fields"] = dict(self._fields)
        if self._drop:
            entry["drop"] = list(self._drop)
        return entry

    def _check(self, read_route: ReadRoute) -> None:
        try:
            read_route(self._stream.name, self._proposal.entry)
        except SettingError as error:
            self._proposal.missing.append(str(error))

    def _name_roles(self) -> None:
        """Rename the columns that have a role under another name, and drop those that would take their names."""
        columns = self._stream.columns
        for role, name in self._candidate.roles.items():
            if role in _IDENTIFIERS:
                self._proposal.notes.append(f"`{name}` identifies users{self._counted(role, columns[name])}.")
            elif name != role:
                self._proposal.notes.append(f"`{name}` is `{role}`.")
            if name != role:
                self._fields[name] = role
                if role in _IDENTIFIERS:
                    self._proposal.reasons[name] = "identifies users"
                if role in columns:
                    self._leave_out(role, f"{name!r} is {role!r}")

    @staticmethod
    def _counted(role: str, column: SourceColumn) -> str:
        kind, in_words = _IDENTIFIERS[role]
        return f": {in_words} in {column.passed[kind]} of {column.filled} records" if column.filled else ""

    def _name_known_fields(self) -> None:
        """Give columns the names of the project's fields that differ only in capitals and separators."""
        known: dict[str, str] = {}
        for path in self._project.fields:
            if "." not in path:
                known.setdefault(squeezed(path), path)
        taken = {*self._stream.columns, *self._fields.values()}
        for name in self._free():
            field_ = known.get(squeezed(name))
            if field_ is None or name in self._project.fields or field_ in taken or field_ in RESERVED:
                continue
            self._fields[name] = field_
            self._proposal.reasons[name] = "a field of the project"
            taken.add(field_)

    def _free(self) -> Iterator[str]:
        """The columns of which nothing is said yet."""
        roles = self._candidate.roles.values()
        for name in self._stream.columns:
            if name not in roles and name not in self._fields and name not in self._drop and not is_metadata(name):
                yield name

    def _drop_reserved(self) -> None:
        for name in list(self._free()):
            if name in RESERVED:
                self._leave_out(name, "Iterable sets this field itself")

    def _drop_unnameable(self) -> None:
        for name in list(self._free()):
            if SEPARATOR in name:
                self._leave_out(name, f"{SEPARATOR!r} cannot be part of a field's name")

    def _leave_out(self, name: str, reason: str) -> None:
        if name not in self._drop:
            self._drop.append(name)
            self._proposal.reasons[name] = reason

    def _compare_types(self, read_route: ReadRoute) -> None:
        """Say which fields would be new, and drop the columns whose values do not fit their fields."""
        object_ = self._candidate.object
        if object_ == "events":
            self._note_event_fields()
        if object_ not in (*_PROFILES, "catalog_items"):
            return
        try:
            route = read_route(self._stream.name, self._entry())
        except SettingError:
            return  # `_check` tells it
        types = self._types(route)
        known = self._known_types()
        if known is None:
            return
        self._note_new({path: type_ for path, type_ in types.items() if path not in known}, len(known))
        for path in filter(known.__contains__, types):
            self._compare(path, types[path], known[path])

    def _types(self, route: Route) -> dict[str, str | None]:
        """Dotted path of each field that the stream writes -> its type, None if nothing tells it."""
        schemas = route.columns(self._stream.schema).schemas
        heads = {*IDENTITY, _DATA, "value", CATALOG_NAME, "itemId", "list", "listId", "lists"}
        if self._candidate.object == "catalog_items" and len(self._stream.key) == 1:
            heads.add(self._stream.key[0])
        inner = next((schemas[path] for path in ((_DATA,), ("value",)) if path in schemas), {})
        flat = {(name,): part for name, part in (inner.get("properties") or {}).items()} | dict(schemas)
        flat = {path: schema for path, schema in flat.items() if path[0] not in heads}
        declared, fractions = types_in(flat), paths_of_fractions(flat)
        whole: dict[str, str | None] = {
            path: "long" for path, type_ in declared.items() if type_ == "double" and path not in fractions
        }
        columns = {self._fields.get(name, name): column for name, column in self._stream.columns.items()}
        sampled = {
            ".".join(path): columns[path[0]].type
            for path in flat
            if len(path) == 1 and path[0] in columns and path[0] not in declared
        }
        return {**sampled, **declared, **whole}

    def _known_types(self) -> Mapping[str, str] | None:
        """The types of the fields; None if they are of no single catalog."""
        if self._candidate.object in _PROFILES:
            return self._project.fields
        catalog = self._candidate.options.get("catalog")
        if catalog is None:
            return None
        return self._project.item_types(catalog) if catalog in self._project.catalogs else {}

    def _note_new(self, new: Mapping[str, str | None], known: int) -> None:
        if not new:
            return
        listed = ", ".join(f"`{path}` ({type_ or 'of the type of its first value'})" for path, type_ in new.items())
        self._proposal.notes.append(f"New fields, which can never be removed: {listed}.")
        if self._candidate.object in _PROFILES and known + len(new) > MAX_PROFILE_FIELDS:
            self._proposal.notes.append(
                f"That makes {known + len(new)} profile fields, and a project can have {MAX_PROFILE_FIELDS}."
            )

    def _note_event_fields(self) -> None:
        names = [name for name in self._free() if name != _DATA]
        if names:
            listed = ", ".join(f"`{name}` ({self._stream.columns[name].type or 'unknown type'})" for name in names)
            self._proposal.notes.append(
                f"Fields of the event: {listed}. Iterable does not tell which of them it has, and of what type."
            )

    def _compare(self, path: str, type_: str | None, known: str) -> None:
        """Say what becomes of a column whose field has a type already."""
        if type_ in (None, ARRAY) or type_ == known or known not in TYPES:
            return
        column = self._column_of(path)
        fits = TypeFitting().fits((USERS, path), str(type_), known)
        if known == DATE and type_ == "string":
            note = f"`{column}` is text, and the field `{path}` holds dates: texts that are no dates are rejected."
            self._proposal.notes.append(note)
        elif (type_, known) == ("double", "long") and self._is_whole(column):
            self._proposal.notes.append(
                f"`{column}` may hold fractions, and the project keeps `{path}` as {known}: a fraction is rejected. "
                "None of the records that were looked at has one."
            )
        elif not fits or (type_, known) == ("double", "long"):
            advice = ", or set `coerce_types`, which converts what it can" if (type_, known) in _CONVERTED else ""
            self._proposal.notes.append(
                f"`{column}` is {type_}, and the project keeps `{path}` as {known}, so it is left out here. Convert it "
                f"in the source, give it another name in `fields`{advice}."
            )
            self._leave_out(column, f"{type_}, where the project has {known}")
            self._fields.pop(column, None)
        elif type_ in (*_NUMBERS, "boolean") and known == "string":
            note = f"`{column}` is {type_}, and the field `{path}` holds texts: `coerce_types` makes texts of it."
            self._proposal.notes.append(note)

    def _is_whole(self, name: str) -> bool:
        """Whether the sample has values of the column, and all are whole."""
        column = self._stream.columns.get(name)
        return column is not None and column.types.keys() == {"long"}

    def _column_of(self, path: str) -> str:
        """The column, or the path in a column, that becomes the field at `path`; as `drop` names it."""
        columns = {field_: name for name, field_ in self._fields.items()}
        top, _, rest = path.partition(".")
        if path in columns:
            return columns[path]
        if top not in columns and top not in self._stream.columns:
            return f"{_DATA if self._candidate.object in _PROFILES else 'value'}.{path}"
        return f"{columns.get(top, top)}.{rest}" if rest else columns.get(top, top)

    def _note_marks(self) -> None:
        marks = [name for name in self._stream.columns if is_mark(name)]
        if marks:
            listed = ", ".join(f"`{name}`" for name in marks)
            self._proposal.notes.append(
                f"Rows that {listed} marks as deleted are rejected, unless `on_deleted` is set."
            )
