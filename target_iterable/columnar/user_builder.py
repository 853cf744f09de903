"""Builders for objects that are about users: profiles, events, list members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from iterable_api.facts.profile_fields import RESERVED
from target_iterable.columnar.columns import Column, attempt, map_values, may_lack
from target_iterable.columnar.field_fitting import GROUP, VERSION, add_points, fit_types
from target_iterable.columnar.operation_builder import PART, OperationBuilder, struct_column, without_any
from target_iterable.columnar.record_block import Draft
from target_iterable.columnar.transforms import encoded, identifier_texts, valid_identifiers
from target_iterable.core.operation import NO_NAMES, UNCHECKED, Endpoint, Name
from target_iterable.field_types.coercion import FieldCoercion, refuse_reserved
from target_iterable.field_types.decimal_fields import DecimalFields
from target_iterable.records.column_mapping import Row
from target_iterable.records.duplicate_fields import DuplicateFields
from target_iterable.records.field_names import refuse_separator
from target_iterable.records.phone_numbers import PHONE_NUMBER
from target_iterable.records.user_identity import EMAIL, KINDS, IdentityRule, identifier

_DATA: Final = "dataFields"
_SENT: Final[Mapping[str, str]] = {kind: f"sent {kind}" for kind in KINDS}
"""By kind: the column with the identifiers that stand at the top of a row."""
_OTHER: Final[Mapping[str, str]] = {kind: f"other {kind}" for kind in KINDS}
"""By kind: the column with the identifiers besides."""


@dataclass(frozen=True)
class FieldOptions:
    """How an object reads its data fields.

    Attributes:
        duplicates: policy for fields that a record has twice.
        clears: whether nulls are sent.
        decimals: the fields that may hold fractions.
    """

    duplicates: DuplicateFields
    clears: bool
    decimals: DecimalFields


class UserBuilder(OperationBuilder):
    """Builds operations about users. The best identifier of a record, by `IdentityRule`, is a top-level member.

    Heads: one column per kind of identifier, and of these `_SENT`, the best ones, and `_OTHER`, the rest.
    """

    def __init__(self, rule: IdentityRule, options: FieldOptions) -> None:
        self._rule = rule
        self._options = options

    def _identify(self, draft: Draft) -> None:
        """Take the identifiers out of the data fields."""
        valid: set[str] = set()
        for kind in KINDS:
            if (column := draft.take(kind)) is not None:
                if (texts := valid_identifiers(kind, column)) is None:
                    draft.put(kind, identifier_texts(kind, column))
                else:
                    valid.add(kind)
                    draft.heads[kind] = texts
        self._choose(draft)
        for kind in KINDS:
            if _SENT[kind] in draft.heads and kind not in valid:
                draft.put(_SENT[kind], _checked(kind, draft.heads[_SENT[kind]]))
        sent = [draft.heads[_SENT[kind]] for kind in KINDS if _SENT[kind] in draft.heads]
        nobody = without_any(sent) if sent else range(len(draft))
        if nobody:
            reason = self._rule.missing_identity
            draft.reject([reason if place in nobody else UNSET for place in range(len(draft))])

    def _choose(self, draft: Draft) -> None:
        """Put the columns `_SENT` and `_OTHER` into the heads."""
        present = [kind for kind in KINDS if kind in draft.heads]
        columns = [draft.heads[kind] for kind in present]
        if not any(map(may_lack, columns)):
            best = self._rule.best(present)
            draft.heads |= {(_SENT if kind in best else _OTHER)[kind]: draft.heads[kind] for kind in present}
            return
        of_row = [
            self._rule.best([kind for kind, text in zip(present, row, strict=True) if text is not UNSET])
            for row in zip(*columns, strict=True)
        ]
        for kind, column in zip(present, columns, strict=True):
            pairs = [*zip(column, of_row, strict=True)]
            draft.heads[_SENT[kind]] = [text if kind in best else UNSET for text, best in pairs]
            draft.heads[_OTHER[kind]] = [UNSET if kind in best else text for text, best in pairs]

    def _by_user_id(self, draft: Draft) -> Column:
        """Return, for each record, whether an email-based project must find the user by the userId."""
        if not self._rule.is_by_user_id(()):
            return [False] * len(draft)
        emails = draft.heads.get(_SENT[EMAIL])
        return [True] * len(draft) if emails is None else [text is UNSET for text in emails]

    @staticmethod
    def _top(draft: Draft) -> dict[str, Column]:
        """Return the identifiers that are top-level members."""
        return {kind: draft.heads[_SENT[kind]] for kind in KINDS if _SENT[kind] in draft.heads}

    @staticmethod
    def _fields_member(draft: Draft) -> dict[str, Column]:
        """Return the member `dataFields`, which is absent for records without data fields."""
        if draft.rows is not None:
            return {_DATA: [row or UNSET for row in draft.rows]}
        if not draft.fields:
            return {}
        rows, empty = struct_column(draft.fields), without_any(draft.fields.values())
        return {_DATA: [UNSET if place in empty else row for place, row in enumerate(rows)] if empty else rows}

    def _names(self, draft: Draft) -> Sequence[tuple[Name, ...]]:
        columns = {kind: draft.heads[kind] for kind in KINDS if kind in draft.heads}
        names = list(zip(*(zip(repeat(kind), column) for kind, column in columns.items()), strict=True))
        if any(map(may_lack, columns.values())):
            return [tuple(name for name in row if name[1] is not UNSET) for row in names]
        return names


Groups: TypeAlias = Callable[[Draft], Column]
"""Takes the fields that name the group of a record out of the data fields, and returns the groups."""


@dataclass(frozen=True)
class ProfileRules:
    """Rules of an object for the profiles that it writes.

    Attributes:
        endpoint: endpoint of the profiles.
        groups: finds the row group of each record.
        merge: whether objects in the profile are merged with those of the record.
        placeholders: whether a record without an address may create a user in an email-based project.
        looks_up: whether Iterable is asked if the user exists, because records may only update, or only create.
        translate: replaces ids of another project in the data fields by those of this one.
    """

    endpoint: Endpoint
    groups: Groups
    merge: bool = False
    placeholders: bool = False
    looks_up: bool = False
    translate: Callable[[Row], Row] | None = None


class ProfileBuilder(UserBuilder):
    """Builds operations that write profile fields; see `objects.base.user_part.profile`."""

    def __init__(self, rule: IdentityRule, options: FieldOptions, fields: FieldCoercion, rules: ProfileRules) -> None:
        super().__init__(rule, options)
        self._fields = fields
        self._rules = rules

    def _prepare(self, draft: Draft) -> None:
        draft.put(GROUP, self._rules.groups(draft))
        draft.flatten(_DATA, self._options.duplicates, clears=self._options.clears)
        self._identify(draft)
        if self._rules.translate is not None:
            draft.map_rows(self._rules.translate)
        _reject_reserved(draft)
        draft.refuse_names(refuse_separator)
        if self._fields.spell_phone_number is not None:
            draft.map_field(PHONE_NUMBER, self._fields.spell_phone_number)
        if draft:
            self._fields.user_scope()
        add_points(draft, self._fields.types, self._options.decimals)
        fit_types(draft, self._fields.types, self._fields.coerced)
        self._keep_other(draft)
        draft.put(
            PART, encoded(struct_column({**self._top(draft), **self._flags(draft), **self._fields_member(draft)}))
        )

    def _flags(self, draft: Draft) -> dict[str, Iterable[Any]]:
        flags: dict[str, Iterable[Any]] = {}
        if self._rules.placeholders and any(by_user_id := self._by_user_id(draft)):
            flags["preferUserId"] = [is_so or UNSET for is_so in by_user_id]
        return flags | ({"mergeNestedObjects": repeat(self._rules.merge)} if self._rules.merge else {})

    def _keep_other(self, draft: Draft) -> None:
        """Make an identifier that is no top-level member a data field."""
        for kind in KINDS:
            if (column := draft.heads.get(_OTHER[kind])) is None or column.count(UNSET) == len(column):
                continue
            draft.put(_OTHER[kind], _checked(kind, column))
            others = draft.heads[_OTHER[kind]]
            if draft.rows is None:
                draft.fields[kind] = others
            else:
                pairs = zip(draft.rows, others, strict=True)
                draft.rows = [row if text is UNSET else row | {kind: text} for row, text in pairs]

    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        return repeat(self._rules.endpoint, len(draft))

    def _only_for(self, draft: Draft) -> Iterable[frozenset[Name]]:
        if not self._rules.looks_up:
            return super()._only_for(draft)
        sent = [zip(repeat(kind), column) for kind, column in self._top(draft).items()]
        is_new = self._rules.endpoint.creates_only
        return [
            NO_NAMES if by_user_id and not is_new else frozenset(name for name in names if name[1] is not UNSET)
            for by_user_id, *names in zip(self._by_user_id(draft), *sent, strict=True)
        ]


class BareUserBuilder(UserBuilder):
    """Builds operations that hold only the identifiers of users."""

    def __init__(self, rule: IdentityRule, options: FieldOptions, endpoint: Endpoint, groups: Groups) -> None:
        super().__init__(rule, options)
        self._endpoint = endpoint
        self._groups = groups

    def _prepare(self, draft: Draft) -> None:
        draft.put(GROUP, self._groups(draft))
        draft.flatten(_DATA, self._options.duplicates, clears=self._options.clears)
        self._identify(draft)
        draft.put(VERSION, [UNCHECKED] * len(draft))
        if draft:
            draft.put(PART, encoded(struct_column(self._top(draft))))

    def _endpoints(self, draft: Draft) -> Iterable[Endpoint]:
        return repeat(self._endpoint, len(draft))


def _checked(kind: str, column: Column) -> Column:
    valid = valid_identifiers(kind, column)
    return valid or map_values(lambda text: UNSET if text is UNSET else identifier(kind, text), column)


def _reject_reserved(draft: Draft) -> None:
    """Reject records with fields that only Iterable may set."""
    if draft.rows is not None:
        if any(not RESERVED.isdisjoint(row) for row in draft.rows):
            draft.reject([attempt(refuse_reserved, row) for row in draft.rows])
        return
    for name in sorted(RESERVED & draft.fields.keys()):
        values = draft.fields[name]
        draft.reject([UNSET if value is UNSET else attempt(refuse_reserved, {name}) for value in values])
