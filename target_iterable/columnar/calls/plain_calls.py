"""Plain calls become events and profiles, column by column; which calls are not plain, and are mapped one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from target_iterable.columnar.calls.call_columns import NOTHING, SUBJECT, USER_ID, CallColumns, is_full
from target_iterable.columnar.columns import Column, attempt, classes_in, picked
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.segment.calls import any_event, event_mapping, is_about_audience, page_name
from target_iterable.segment.mapping import ATTRIBUTION, COPIED_TRAITS, EVENT_MEMBERS, MappingRules, with_phone_number
from target_iterable.segment.traits import USER_CALLS, email_of

_PAGES: Final = ("page", "screen")
_DATA: Final = "dataFields"
_SPARSE_TEXTS: Final = frozenset({str, NoneType, UnsetType})
_ATTRIBUTES: Final = frozenset(chain.from_iterable(ATTRIBUTION.values()))


class PlainCalls:
    """Calls of one form, and which of them are plain: those about users, and those that become events of their name.

    Attributes:
        calls: the calls.
        odd: indexes of those that are not plain.
    """

    def __init__(self, calls: CallColumns, rules: MappingRules) -> None:
        self.calls = calls
        self._rules = rules
        self._is_of_user = calls.type in USER_CALLS
        self._names: Column = []
        self._emails: list[Any] = []
        self.odd: set[int] = set()
        if self._has_plain():
            self._find_odd()
        else:
            self.odd = {*range(len(calls))}

    @property
    def object(self) -> tuple[str, str]:
        """The object that plain calls become records of, and its mode."""
        return ("users", "upsert") if self._is_of_user else ("events", "track")

    @property
    def plain(self) -> Sequence[int]:
        """Indexes of the plain calls."""
        return [at for at in range(len(self.calls)) if at not in self.odd] if self.odd else range(len(self.calls))

    def turns(self) -> Iterator[int]:
        """Yield the indexes of calls for which it matters what the calls before them have said."""
        if not self._rules.users.by_address or len(self.odd) == len(self.calls):
            yield from sorted(self.odd)
            return
        if self._is_of_user:
            yield from range(len(self.calls))
        elif self.odd or not is_full(self._emails):
            yield from (at for at, email in enumerate(self._emails) if email in NOTHING or at in self.odd)

    def find_addresses(self, some: Sequence[int]) -> None:
        """Find the addresses of the users of some plain calls, or remember them; see `TraitsReader`."""
        user_ids = self.calls.heads[USER_ID]
        given = [user_ids[at] for at in some], [self._emails[at] for at in some]
        for at, email in zip(some, self._rules.users.addresses(self.calls.type, *given), strict=True):
            self._emails[at] = email

    def block(self) -> RecordBlock:
        """Return the records that the plain calls become."""
        heads = self.calls.heads
        fields = {"userId": _present(heads[USER_ID]), "email": _present(self._emails)}
        fields = {name: column for name, column in fields.items() if column.count(UNSET) < len(column)}
        if not self._is_of_user:
            fields |= {"eventName": self._names, **{name: heads[part] for name, part in EVENT_MEMBERS.items()}}
            fields |= self._attribution()
        rows, members = self.calls.rows, self.calls.fields
        if rows is not None:
            fields[_DATA] = [*map(with_phone_number, rows)] if self._is_of_user else rows
            members = {}
        elif self._is_of_user:
            members = _with_copies(members)
        block = RecordBlock(self.calls.keys, fields, None, members)
        return block if not self.odd else _some(block, self.plain)

    def _has_plain(self) -> bool:
        rules = self._rules
        if rules.device_tokens or (self._is_of_user and rules.context_traits == "write"):
            return False
        return self._is_of_user or self.calls.type in ("track", *_PAGES)

    def _find_odd(self) -> None:
        calls = self.calls
        if self._is_of_user:
            self._note_odd("computation_class", lambda value: is_about_audience(value, self._rules))
        else:
            self._names = self._event_names()
            self.odd.update(at for at, name in enumerate(self._names) if name is None)
        self._note_odd("externalIds", lambda value: value not in NOTHING)
        user_ids, emails = calls.heads[USER_ID], calls.used("email")
        of_body = calls.values("email") if self._is_of_user or not is_full(user_ids) else None
        self._emails = [None] * len(calls) if emails is None else _nulls(emails)
        if of_body is not None and self._is_of_user and is_full(of_body) and classes_in(of_body) == {str}:
            self._emails = [*of_body]
        elif of_body is not None:
            self._emails = list(map(email_of, repeat(calls.type), user_ids, _nulls(of_body), self._emails))
        if not is_full(user_ids):
            pairs = enumerate(zip(user_ids, self._emails, strict=True))
            self.odd.update(at for at, both in pairs if both[0] in NOTHING and both[1] in NOTHING)

    def _note_odd(self, name: str, is_odd: Any) -> None:
        """Note the calls as odd whose context has such a value."""
        if (column := self.calls.used(name)) is not None:
            self.odd.update(at for at, value in enumerate(column) if is_odd(value))

    def _event_names(self) -> Column:
        """Return the name of each event; None for calls that become something else, or nothing."""
        calls, rules = self.calls, self._rules
        if calls.type in _PAGES:
            none: Column = [None] * len(calls)
            given = (calls.values("name") or none, calls.values("category") or none)
            if not all(classes_in(column) <= _SPARSE_TEXTS for column in given):
                return list(map(page_name, repeat(calls.type), *given, repeat(rules.pages)))
            pairs = [*zip(*given, strict=True)]
            known = {pair: page_name(calls.type, *pair, rules.pages) for pair in {*pairs}}
            return [known[pair] for pair in pairs]
        subjects = calls.heads[SUBJECT]
        if classes_in(subjects) == {str}:
            special = {name for name in {*subjects} if attempt(event_mapping, name, rules) is not any_event}
            return [None if name in special else name for name in subjects] if special else subjects
        return [name if attempt(event_mapping, name, rules) is any_event else None for name in subjects]

    def _attribution(self) -> Mapping[str, Column]:
        """Take the ids of campaigns and templates out of the properties; see `MappingRules.pop_attribution`."""
        calls = self.calls
        if calls.rows is not None:
            places = {at for at, row in enumerate(calls.rows) if not _ATTRIBUTES.isdisjoint(row)}
        else:
            places = {*range(len(calls))} if not _ATTRIBUTES.isdisjoint(calls.fields) else set()
        for name in ATTRIBUTION:
            if (used := calls.used(name)) is not None:
                places.update(at for at, value in enumerate(used) if value not in NOTHING)
        if not places:
            return {}
        columns: dict[str, list[Any]] = {name: [UNSET] * len(calls) for name in ATTRIBUTION}
        rows = [{**calls.row(at)} if at in places else calls.row(at) for at in range(len(calls))]
        for at in places:
            for name, id_ in self._rules.pop_attribution(calls.context(at), rows[at]).items():
                columns[name][at] = id_
        calls.rows, calls.fields = rows, {}
        return columns


def turns_of(forms: Sequence[PlainCalls]) -> Iterator[tuple[PlainCalls, list[int], bool]]:
    """Yield calls for which those before them matter, in their order: those of one form that follow one another.

    Each time: the form, indexes in it, and whether the calls are odd.
    """
    told = [(form, [*form.turns()]) for form in forms]
    told = [(form, some) for form, some in told if some]
    if len(told) == 1 and not told[0][0].odd:
        yield *told[0], False
        return
    turns = sorted(
        (form.calls.places[at], number, at, at in form.odd) for number, (form, some) in enumerate(told) for at in some
    )
    for (number, is_odd), some in groupby(turns, key=itemgetter(1, 3)):
        yield told[number][0], [at for _, _, at, _ in some], is_odd


def _with_copies(traits: dict[str, Column]) -> dict[str, Column]:
    """Traits, and the fields of `COPIED_TRAITS`."""
    copies = {field: traits[trait] for field, trait in COPIED_TRAITS.items() if trait in traits}
    for field in copies.keys() & traits.keys():
        pairs = zip(traits[field], copies[field], strict=True)
        copies[field] = [copy if own is UNSET else own for own, copy in pairs]
    # Copies come first, as where calls are mapped one by one.
    return {**copies, **traits, **copies}


def _present(column: Column) -> Column:
    return column if is_full(column) else [UNSET if value in NOTHING else value for value in column]


def _nulls(column: Column) -> list[Any]:
    return [None if value is UNSET else value for value in column]


def _some(block: RecordBlock, places: Sequence[int]) -> RecordBlock:
    members = {name: picked(column, places) for name, column in block.members.items()}
    some = block.some(places)
    return RecordBlock(some.keys, some.fields, None, members)
