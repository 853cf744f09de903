"""Steps as Dagster runs them: settings with variables in, failures that say whether a retry is worth it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import dagster as dg

from singer_iterable.dagster.projects import SHARED, Plugin, WrongProjectError, is_for_all_workers
from singer_iterable.dagster.secrets import Secrets, VariableMissingError
from singer_iterable.running.catalogs import DiscoveryFailedError, NoStreamError, SettingsRefusedError
from singer_iterable.running.days import NotOverError
from singer_iterable.running.endings import OUR_PLUGINS
from singer_iterable.running.plugins import Command, PluginMissingError
from singer_iterable.running.state_stores import StateStoreError, state_store
from singer_iterable.running.steps import Step, StepEnded, StepFailedError, run_step

_WORTH_A_RETRY: Final[Mapping[type[Exception], bool]] = MappingProxyType(
    {
        DiscoveryFailedError: True,  # its database may be away
        NoStreamError: False,
        NotOverError: True,
        PluginMissingError: False,
        SettingsRefusedError: False,
        StateStoreError: True,
        VariableMissingError: False,
        WrongProjectError: False,
    }
)


@dataclass(frozen=True)
class Work:
    """What an asset has run. The attributes are those of `Step`, but that plugins may have variables in their settings.

    Attributes:
        folder: where it leaves its files, below the work directory.
    """

    folder: str
    state: str
    extractor: Plugin
    loader: Plugin
    streams: Sequence[str] = ("*",)
    without: Sequence[str] = ()
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    goes_on: bool = False


@dataclass(frozen=True)
class Executor:
    """Runs steps, on any worker.

    Attributes:
        states: the place of the state store.
        work_directory: where runs leave their files.
    """

    states: str
    work_directory: str

    def run(self, context: dg.AssetExecutionContext, work: Work) -> StepEnded:
        """Run a step; a retry of Dagster's, of the step or of the whole run, goes on with the attempt.

        Raises:
            dagster.Failure: if it fails, or cannot be run. It says whether a retry is worth it.
        """
        secrets = Secrets()
        with _as_failures():
            step = _step(work, secrets)
            root = Path(secrets.plain(self.work_directory)) / work.folder
            folder = root / f"{context.run.run_id}-{context.retry_number}"
            attempt = context.run.root_run_id or context.run.run_id
            with closing(state_store(secrets.plain(self.states))) as store:
                return run_step(step, store, folder, attempt=attempt, secrets=secrets.values)


def _step(work: Work, secrets: Secrets) -> Step:
    extractor, loader = (
        Command(plugin.command, secrets.plain(plugin.config)) for plugin in (work.extractor, work.loader)
    )
    for plugin in (extractor, loader):
        _check_places(plugin)
    return Step(extractor, loader, work.state, work.streams, work.without, work.metadata, work.goes_on)


def _check_places(plugin: Command) -> None:
    """Refuse places that each worker would have for itself, also where variables name them.

    Raises:
        WrongProjectError: by the name of the setting; the text has no value.
    """
    if plugin.plugin not in OUR_PLUGINS:
        return
    for setting in SHARED:
        if (place := plugin.config.get(setting)) and not is_for_all_workers(str(place)):
            raise WrongProjectError(
                f"`{setting}` of {plugin.plugin} must be a place that every worker has: the URL of a database, or, "
                "where all run on one machine, an absolute path."
            )


@contextmanager
def _as_failures() -> Iterator[None]:
    """Turn errors of a step into failures, whose text is the error's, without what was called.

    Raises:
        dagster.Failure: in place of them.
    """
    try:
        yield
    except StepFailedError as error:
        log = dg.MetadataValue.md(f"```\n{error.log}\n```")
        raise dg.Failure(
            str(error), metadata={"log": log, "run": error.run}, allow_retries=error.is_worth_a_retry
        ) from None
    except tuple(_WORTH_A_RETRY) as error:
        raise dg.Failure(str(error), allow_retries=_WORTH_A_RETRY[type(error)]) from None
