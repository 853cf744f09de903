"""The comparison of a store with the export, one event name after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from iterable_api.errors import IncompleteBodyError
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_api.http.client import IterableClient
from iterable_api.waiting.retry_policy import COMPARED_EXPORT
from iterable_webhooks.settings.receiver import SettingError
from iterable_webhooks.store.reader import StoreReader
from iterable_webhooks.verification.comparison import ComparedKeys, EventCounts
from iterable_webhooks.verification.exported import exported_events
from iterable_webhooks.verification.period import Period
from iterable_webhooks.verification.received import received_events


class KeysNotKeptError(Exception):
    """The temporary file of keys cannot be written."""


def one_project(reader: StoreReader, projects: Sequence[str]) -> str | None:
    """The project to compare; None where the store has events of one only, or of none.

    Raises:
        SettingError: if it is not one that the store has, or not one alone: a key of the API belongs to one project.
    """
    known = reader.projects()
    for project in projects:
        if project not in known:
            raise SettingError(f"`project` {project!r}: the store has no events of it, only of {', '.join(known)}.")
    if len(projects or known) > 1:
        raise SettingError(f"`project`: choose one of {', '.join(projects or known)}, the one that the API key is of.")
    return projects[0] if projects else None


def names_to_compare(reader: StoreReader, names: Sequence[str], project: str | None) -> list[str]:
    """The names that were asked for; by default those that have arrived, without those that no export has.

    Raises:
        SettingError: if a name has no export with keys, or none has arrived.
    """
    for name in names:
        if name not in EVENT_KEYS:
            raise SettingError(f"`name` {name!r}: no export has events of this name that webhooks could carry.")
    found = list(dict.fromkeys(names)) or [name for name in reader.event_names(project) if name in EVENT_KEYS]
    if not found:
        raise SettingError("`name` is not set, and the store has no event yet whose name could be taken.")
    return found


def verify(
    client: IterableClient,
    reader: StoreReader,
    names: Sequence[str],
    project: str | None,
    period: Period,
    *,
    tell: Callable[[str], None],
) -> Iterator[EventCounts]:
    """The counts of each name, with one request for it.

    Args:
        client: of the project that the webhooks are of.
        reader: of the store.
        names: the event names.
        project: the project in the store; None for all.
        period: which events are compared.
        tell: is given a sentence whenever an export has to be asked for again.

    Raises:
        IterableError: if an export cannot be read whole.
        KeysNotKeptError: if there is no room for the keys.
        WebhookStoreError: if the store cannot be used.
    """
    again = COMPARED_EXPORT.retrying(
        IncompleteBodyError,
        sleep=client.sleep,
        before_sleep=lambda state: tell(f"{state.outcome.exception() if state.outcome else ''}. It is asked again."),
    )
    for name in names:
        try:
            with closing(ComparedKeys()) as keys:
                again(lambda: keys.put_exported(exported_events(client, name, period)))  # noqa: B023 (called at once)
                keys.put_received(received_events(reader, name, project, period))
                counts = keys.counts(period)
        except sqlite3.Error as error:
            raise KeysNotKeptError(
                f"The keys of {name} cannot be kept in the system's temporary directory: {error}."
            ) from None
        yield EventCounts(name, counts)
