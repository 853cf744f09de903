"""Check of the selection of a catalog."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from singer_sdk import Stream

from iterable_api.errors import IterableError
from tap_iterable.input.costly_streams import SETTING, left_out


class NothingSelectedError(Exception):
    """A catalog selects no stream of this tap."""


class UnknownStreamError(IterableError):
    """There is no stream of a name that a program asked for."""

    def __init__(self, name: str, streams: Iterable[str]) -> None:
        super().__init__(f"The tap has no stream {name!r}. It has: {', '.join(streams)}")


def check_selection(
    catalog: Collection[str], streams: Mapping[str, Stream], unnamed: Mapping[str, str], logger: logging.Logger
) -> None:
    """Check that a stream is selected that may be read; warn of those that may not, or that this tap does not have.

    Args:
        catalog: the names of the streams in the catalog that was given.
        streams: the streams of the tap, with the selection of the catalog.
        unnamed: costly streams that no setting names -> their cost in words. They are deselected.
        logger: gets the warnings.

    Raises:
        NothingSelectedError: if nothing is selected.
    """
    unknown = sorted(set(catalog) - streams.keys())
    if unknown:
        logger.warning("The catalog has streams that this tap does not have: %s", ", ".join(unknown))
    costs = {name: cost for name, cost in unnamed.items() if streams[name].selected}
    for name in costs:
        streams[name].selected = False
    if costs:
        logger.warning("%s", left_out(costs))
    if not any(stream.selected for stream in streams.values()):
        if costs:
            raise NothingSelectedError(
                f"All selected streams are costly, and `{SETTING}` names none of them, so there is nothing to read. "
                f"Add to `{SETTING}` what you want to read: {', '.join(sorted(costs))}"
            )
        raise NothingSelectedError(
            "No stream is selected, so there is nothing to read. Look at the patterns of `select` in `meltano.yml`, "
            "which fit no stream of this tap, or at the catalog. `meltano select tap-iterable --list --all` and "
            "docs/streams.md show the names."
        )
