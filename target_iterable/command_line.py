"""The command `target-iterable`: its options, and the errors that it shows as one sentence."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from typing import IO, Any, ClassVar, Final

import click
from singer_sdk.cli import plugin_cli
from singer_sdk.exceptions import ConfigValidationError, MappingError, RecordsWithoutSchemaException
from singer_sdk.singerlib.exceptions import InvalidInputLine

from iterable_api.errors import IterableError
from iterable_api.plugin.connection_settings import describe_sdk_settings, unknown_settings
from iterable_api.plugin.exit_errors import (
    OutputClosedError,
    UnreadableVariableError,
    WrongExpressionError,
    as_usage_error,
    exit_with_message,
    explain_errors,
)
from iterable_api.plugin.log import set_up_log
from iterable_api.waiting.shutdown import bounded_shutdown
from iterable_runs.recording.command import RunRecording
from iterable_runs.recording.notes import RunNotes
from iterable_runs.recording.recorder import Snapshot
from iterable_runs.recording.settings import observers_of, run_problems
from target_iterable.batch_files.errors import BatchFileError
from target_iterable.config.given_settings import request_dry_run
from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import HIDDEN, SETTINGS
from target_iterable.delivery.errors import DeliveryFailedError
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.errors import RemovalFailedError
from target_iterable.project.connection_check import check_connection
from target_iterable.proposals.forms import FORMATS, YAML
from target_iterable.reporting.audit_log import AuditLogNotWrittenError
from target_iterable.reporting.dead_letter_file import DeadLettersNotWrittenError
from target_iterable.reporting.request_log import RequestLogNotWrittenError
from target_iterable.runs.dry_run_plan import DryRunPlanNotWrittenError
from target_iterable.runs.ledger_commands import KEY_COMMANDS, run_key_command
from target_iterable.sink import SinkTarget


class RecordsRejectedError(Exception):
    """Some records were rejected, and `on_reject` is `fail`. The run has done everything else."""


EXPECTED_ERRORS: Final = (
    AuditLogNotWrittenError,
    BatchFileError,
    DeliveryFailedError,
    InvalidInputLine,
    IterableError,
    RequestLogNotWrittenError,
    LedgerError,
    DryRunPlanNotWrittenError,
    OutputClosedError,
    RecordsRejectedError,
    RecordsWithoutSchemaException,
    DeadLettersNotWrittenError,
    RemovalFailedError,
    UnreadableVariableError,
    WrongExpressionError,
)
"""Errors that are shown as one sentence, without a traceback. Anything else is a bug."""

_GC_THRESHOLD_OBJECTS: Final = 500_000
"""Between two runs of the collector. Tens of thousands of records are buffered, and are never garbage in a cycle."""
_SWITCH_INTERVAL_SECONDS: Final = 0.001
"""Threads that send need little time, but often. With Python's 5 ms the reading thread would starve them."""


class CommandLine(SinkTarget):
    """The part of the target that is its command: options, checks before a run, errors, and the recording of runs."""

    _recording: ClassVar[RunRecording | None] = None

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the files of `--config`. One that cannot be read is a usage error."""
        with as_usage_error(param):
            return super().cb_config(ctx, param, value)

    @classmethod
    def invoke(
        cls, *, check: bool = False, propose: str | None = None, ledger: str | None = None, **options: Any
    ) -> None:
        """Run the command. Expected errors end it with a sentence.

        Args:
            check: whether to check the settings only.
            propose: the form of the routes to propose instead of a run, one of `FORMATS`; None for a run.
            ledger: the one of `KEY_COMMANDS` to make in the ledger instead of a run; None for a run.
            options: those of the SDK.
        """
        recording = RunRecording(cls.name, cls.plugin_version, (*EXPECTED_ERRORS, ConfigValidationError))
        with (
            bounded_shutdown(before_force=recording.end_by_force),
            exit_with_message(cls.logger, *EXPECTED_ERRORS, passed=ConfigValidationError),
            recording,
            explain_errors(cls.name, SETTINGS["properties"], {"stream_maps": MappingError}),
        ):
            if check:
                cls._check(options["config"])
            elif propose is not None:
                cls._propose(options["config"], options.get("file_input"), propose)
            elif ledger is not None:
                cls.refuse_unknown_settings(options["config"].config or {})
                cls.logger.info(run_key_command(ledger, options["config"]))
            else:
                gc.freeze()
                gc.set_threshold(_GC_THRESHOLD_OBJECTS)
                sys.setswitchinterval(_SWITCH_INTERVAL_SECONDS)
                cls._recording = recording
                super().invoke(**options)

    def note_interrupt(self) -> None:
        """Note that a signal has asked the run to end. A handler of signals may call this."""
        if self._recording is not None:
            self._recording.interrupt()

    def _begin_recording(self, run_id: str, snapshot: Snapshot, *, is_dry: bool) -> RunNotes | None:
        """Begin to record the run, if it is one of the command; return what takes its notes.

        Raises:
            SettingError: if the settings about its observers make no sense.
        """
        for problem in run_problems(self.config, self.name):
            raise SettingError(problem)
        if self._recording is None:
            return None
        log, observers = self.config.get("request_log_path"), observers_of(self.config, self.name)
        return self._recording.begin(run_id, snapshot, observers, dry_run=is_dry, request_log=log)

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805 (the decorator calls it with the class)
        """Set up the log, and return the command."""
        with set_up_log(cls.name):
            return super().cli

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add `--check`, `--propose-routes`, `--dry-run` and `KEY_COMMANDS` to the command of the SDK."""
        command = super().get_singer_command()
        checks = "Check the settings, and with one request the key, the region and the type of the project."
        plans = "Only plan, and send nothing that writes, whatever the settings say."
        proposes = (
            "Propose the setting `streams` for the streams of the input (messages, or the catalog of a tap), as YAML "
            "with comments; or as JSON, with `--propose-routes=json`. Nothing is written to Iterable."
        )
        command.params += [
            click.Option(["--check"], is_flag=True, help=checks),
            click.Option(
                ["--propose-routes", "propose"],
                is_flag=False,
                flag_value=YAML,
                type=click.Choice(FORMATS),
                help=proposes,
            ),
            click.Option(["--dry-run"], is_flag=True, help=plans, expose_value=False, callback=cls._request_dry_run),
            *(
                click.Option([f"--{name}", "ledger"], flag_value=name, help=it.help_text)
                for name, it in KEY_COMMANDS.items()
            ),
        ]
        return command

    @classmethod
    def refuse_unknown_settings(cls, config: Mapping[str, Any]) -> None:
        """Check the names of settings.

        Raises:
            SettingError: for one that does not exist, with the nearest name.
        """
        cls.append_builtin_config(SETTINGS)  # the SDK does so when it validates, which is too late for this check
        for problem in sorted(unknown_settings(config, SETTINGS["properties"])):
            raise SettingError(problem)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings with descriptions of ours, except those that have no meaning here."""
        super().append_builtin_config(config_jsonschema)
        for name in HIDDEN:
            config_jsonschema["properties"].pop(name, None)
        describe_sdk_settings(config_jsonschema["properties"])

    @classmethod
    def _request_dry_run(cls, _ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click's)
        if value:
            request_dry_run(cls.name)

    @classmethod
    def _propose(cls, given: Any, file: IO[str] | None, form: str) -> None:
        from target_iterable.proposals.proposal_command import propose_routes  # noqa: PLC0415 (no run needs it)

        target = cls(config=given.config, parse_env_config=given.parse_env)
        propose_routes(file or sys.stdin, target.reader.deserialize_json, target.project, target.routing, form)

    @classmethod
    def _check(cls, given: Any) -> None:
        target = cls(config=given.config, parse_env_config=given.parse_env)
        cls.logger.info(check_connection(target.project.client, target.project.type))
