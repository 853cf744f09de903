"""Filling a new project with coherent synthetic data, reproducible from its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from iterable_sandbox.rules.field_types import USER, FieldDraft, RequestedFields, custom_event
from iterable_sandbox.rules.profiles import SYSTEM_FIELDS, writable
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.seed import automation, experiments, marketing, people, shop, story
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Event

__all__ = ["Plan", "seed"]


def seed(store: Store, plan: Plan) -> None:
    """Fill an empty store in one transaction.

    Raises:
        ValueError: the store is not empty, or its project is of another type.
    """
    if store.users.count() or store.events.count() or store.lists.all():
        raise ValueError("there is a project in it already; seed a new file")
    with store.database.transaction():
        store.project_type(plan.project_type)
        persons = people.new_people(plan)
        sent: Counter[int] = Counter()
        store.events.add(_counted(story.events(plan, persons), sent))
        marketing.write(store, plan, sent)
        automation.write(store, plan)
        experiments.write(store, plan)
        shop.write(store, plan)
        people.write(store, persons)
        _fix_field_types(store, plan, persons)


def _counted(events: Iterator[Event], sent: Counter[int]) -> Iterator[Event]:
    """Pass events on, counting the messages of each campaign in `sent`."""
    for event in events:
        if event.type.endswith("Send"):
            sent[event.line["campaignId"]] += 1
        yield event


def _fix_field_types(store: Store, plan: Plan, persons: list[people.Person]) -> None:
    """Store the field types that writing all data through the API would have fixed."""
    store.fields.add((USER.key, path, type_) for path, type_ in SYSTEM_FIELDS.items())
    draft = FieldDraft(store, Settings())
    for person in persons:
        draft.admit(RequestedFields(USER, writable(person.user.profile), create=True))
    rng = plan.random("field types")
    for name, fields in shop.CUSTOM_EVENTS.items():
        draft.admit(RequestedFields(custom_event(name), fields(rng), create=True))
    draft.save()
