"""Check of the selection of a catalog."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from singer_sdk import Stream


class NothingSelectedError(Exception):
    """A catalog selects no stream of this tap."""


def check_selection(catalog: Collection[str], streams: Mapping[str, Stream], logger: logging.Logger) -> None:
    """Check that a stream is selected, and warn of streams in the catalog that this tap does not have.

    Args:
        catalog: the names of the streams in the catalog that was given.
        streams: the streams of the tap, with the selection of the catalog.
        logger: gets the warning.

    Raises:
        NothingSelectedError: if nothing is selected.
    """
    unknown = sorted(set(catalog) - streams.keys())
    if unknown:
        logger.warning("The catalog has streams that this tap does not have: %s", ", ".join(unknown))
    if not any(stream.selected for stream in streams.values()):
        raise NothingSelectedError(
            "No stream is selected, so there is nothing to read. Look at the patterns of `select` in `meltano.yml`, "
            "which fit no stream of this tap, or at the catalog. `meltano select tap-iterable --list --all` and "
            "docs/streams.md show the names."
        )
