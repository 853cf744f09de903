"""Failures of steps, and which of them are worth a retry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import dagster as dg

from singer_iterable.dagster.secrets import VariableMissingError
from singer_iterable.running.catalogs import DiscoveryFailedError, NoStreamError, SettingsRefusedError
from singer_iterable.running.numbers import Numbers
from singer_iterable.running.plugins import PluginMissingError
from singer_iterable.running.processes import Ended
from singer_iterable.running.state_stores import StateStoreError

_USAGE_ERROR: Final = 2
"""Exit code of a command that was called in a wrong way, by the custom of Unix and of click."""

_WORTH_A_RETRY: Final[Mapping[type[Exception], bool]] = MappingProxyType(
    {
        DiscoveryFailedError: True,  # its database may be away
        NoStreamError: False,
        PluginMissingError: False,
        SettingsRefusedError: False,
        StateStoreError: True,
        VariableMissingError: False,
    }
)


@contextmanager
def as_failures() -> Iterator[None]:
    """Turn errors before and after a run into failures of the step.

    Raises:
        dagster.Failure: in place of them. Its text is the error's, without a traceback's frames.
    """
    try:
        yield
    except tuple(_WORTH_A_RETRY) as error:
        raise dg.Failure(str(error), allow_retries=_WORTH_A_RETRY[type(error)]) from None


def failure_of(ended: Ended, loaded: Numbers | None, extracted: Numbers | None) -> dg.Failure:
    """The failure of a step whose process has failed.

    Args:
        ended: that process.
        loaded: what the loader has come to, if it is one of ours. One that has failed is to blame before its extractor.
        extracted: the same of the extractor.
    """
    numbers = next((one for one in (loaded, extracted) if one is not None and one.plugin == ended.name), None)
    is_worth_a_retry = ended.code != _USAGE_ERROR and (numbers is None or numbers.is_worth_a_retry)
    log = "\n".join(ended.log)
    reason = (numbers.error if numbers else "") or (ended.log[-1] if ended.log else "Its log is empty.")
    return dg.Failure(
        f"{ended.name} has failed with exit code {ended.code}: {reason}",
        metadata={
            "log": dg.MetadataValue.md(f"```\n{log}\n```"),
            **({"run": numbers.run} if numbers else {}),
            "retry": is_worth_a_retry,
        },
        allow_retries=is_worth_a_retry,
    )
