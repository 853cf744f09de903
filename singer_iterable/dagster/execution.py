"""Steps as Dagster runs them: settings with variables in, failures that say whether a retry is worth it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg

from singer_iterable.dagster.projects import SHARED, WrongProjectError, is_for_all_workers
from singer_iterable.dagster.secrets import Secrets
from singer_iterable.running.endings import OUR_PLUGINS
from singer_iterable.running.errors import StepError
from singer_iterable.running.plugins import Command
from singer_iterable.running.state_stores import state_store
from singer_iterable.running.steps import Step, StepEnded, StepFailedError, run_step


@dataclass(frozen=True)
class Executor:
    """Runs steps, on any worker.

    Attributes:
        states: the place of the state store.
        work_directory: where runs leave their files.
    """

    states: str
    work_directory: str

    def run(self, context: dg.AssetExecutionContext, described: Step) -> StepEnded:
        """Run a step; a retry of Dagster's, of the step or of the whole run, goes on with the attempt.

        Args:
            context: Dagster's.
            described: the step; the settings of its plugins may hold variables. Its pipeline is also the folder, in the
                work directory, in which it leaves its files.

        Raises:
            dagster.Failure: if it fails, or cannot be run. It says whether a retry is worth it.
        """
        secrets = Secrets()
        with _as_failures():
            step = _without_variables(described, secrets)
            root = Path(secrets.plain(self.work_directory)) / step.pipeline
            folder = root / f"{context.run.run_id}-{context.retry_number}"
            attempt = context.run.root_run_id or context.run.run_id
            with closing(state_store(secrets.plain(self.states))) as store:
                return run_step(step, store, folder, attempt=attempt, secrets=secrets.values)


def _without_variables(step: Step, secrets: Secrets) -> Step:
    extractor, loader = (
        replace(plugin, config=secrets.plain(plugin.config)) for plugin in (step.extractor, step.loader)
    )
    for plugin in (extractor, loader):
        _check_places(plugin)
    return replace(step, extractor=extractor, loader=loader)


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
    except StepError as error:
        raise dg.Failure(str(error), allow_retries=error.is_worth_a_retry) from None
    except WrongProjectError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
