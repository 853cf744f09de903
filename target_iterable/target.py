"""The target: its settings, and which sink serves which stream."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Final

import click
from singer_sdk.exceptions import MappingError, RecordsWithoutSchemaException
from singer_sdk.singerlib.exceptions import InvalidInputLine

from iterable_api.errors import IterableError
from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.plugin.connection_settings import connect, in_plain_words, unknown_settings
from iterable_api.plugin.exit_errors import (
    UnreadableVariableError,
    WrongExpressionError,
    expressions_named,
    readable,
    refuse_misread_booleans,
    told,
    variables_named,
)
from iterable_api.waiting.shutdown import ENDINGS, one_signal_is_enough
from target_iterable.config.given_settings import ask_for_dry_run, asks_for_dry_run, in_one_form, remarks
from target_iterable.config.project_copy_routes import entries
from target_iterable.config.route import NOTHING
from target_iterable.config.router import Router
from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import HIDDEN, PERMISSIONS, SETTINGS
from target_iterable.core.removal_stops import ABSENT, RemovalStop, RunEnding
from target_iterable.delivery.buffer import BufferLevel
from target_iterable.delivery.errors import DeliveryFailedError, PostponedError
from target_iterable.delivery.run_delivery import RunDelivery
from target_iterable.delivery.stream_delivery import StreamDelivery
from target_iterable.fast_dispatch import FastDispatchTarget
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.errors import RemovalFailedError, removals_stopped
from target_iterable.objects.content.catalog_items import catalog_place
from target_iterable.objects.registry import OBJECTS
from target_iterable.project.connection_check import check_connection
from target_iterable.project.project import Project
from target_iterable.reporting.audit_log import AuditLogNotWrittenError
from target_iterable.reporting.dead_letter_file import DeadLettersNotWrittenError
from target_iterable.reporting.request_log import RequestLogNotWrittenError
from target_iterable.reporting.run_report import RunReport
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.sender import Sender
from target_iterable.runs.dry_run import DryRun
from target_iterable.runs.dry_run_plan import DryRunPlanNotWrittenError
from target_iterable.runs.ledger_commands import CHANGES, change_keys
from target_iterable.runs.real_run import RealRun
from target_iterable.runs.run_resources import RunResources
from target_iterable.singer_reader import SingerReader
from target_iterable.sink import IterableSink, SinkTarget


class RecordsRejectedError(Exception):
    """The run has done all it could, and some records are rejected."""


TOLD: Final = (
    AuditLogNotWrittenError,
    DeliveryFailedError,
    InvalidInputLine,
    IterableError,
    RequestLogNotWrittenError,
    LedgerError,
    DryRunPlanNotWrittenError,
    RecordsRejectedError,
    RecordsWithoutSchemaException,
    DeadLettersNotWrittenError,
    RemovalFailedError,
    UnreadableVariableError,
    WrongExpressionError,
)
"""What is told in a sentence; everything else is a mistake of ours, and shows where it happened."""


_MANY_OBJECTS: Final = 500_000
_SOON: Final = 0.001
"""Seconds. Threads that send need little time, but need it often, while the one that reads would take all of it."""


class TargetIterable(FastDispatchTarget, SinkTarget):
    """Singer target that writes into an Iterable project: all that `OBJECTS` lists, from users to messages."""

    name = "target-iterable"
    package_name = "singer-iterable"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS
    default_sink_class = IterableSink

    def __init__(self, *, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.reader = SingerReader()
        self._refuse_strangers(config or {})
        super().__init__(config=in_one_form(config or {}), **options, message_reader=self.reader)
        is_dry = self._heed_environment(config or {}, is_read=options.get("parse_env_config", False))
        specs = (object_.spec for object_ in OBJECTS.values())
        allowed = {name for name in PERMISSIONS if self.config[name]}
        self.routing = Router(
            self.config["streams"], specs, ProjectType(self.config["project_type"]), allowed, entries(self.config)
        )
        self._kind = (DryRun if is_dry else RealRun)(self.config)
        self.reader.passes_state = self._kind.passes_state
        self._resources = RunResources(
            self._kind.config,
            self._kind.stores,
            needs_ledger=self.routing.needs_ledger,
            must_remember=self.routing.must_remember,
        )
        if self.routing.may_remove:
            self._resources.check_audit()
        self.project = Project(
            self._client(), ProjectType(self.config["project_type"]), coerce=self.config["coerce_types"]
        )
        self.project.catalogs.on_create = lambda name: self._resources.forget(catalog_place(name))
        self.deliveries = RunDelivery(self._delivery, ahead=self._kind.sends_in_background)
        self._report = RunReport(self.config.get("summary_path"), self._kind, self._resources.run)
        self.reader.path_of = self.columnar_path
        self.reader.on_message = self._deliver_when_due
        self.reader.on_version = self._activate_version
        self.reader.on_state = self.deliveries.close_with_state
        self.reader.on_break = self._close
        # The SDK would drain the streams at the same time; see `RunDelivery.deliver`.
        self.max_parallelism = 1
        if threading.current_thread() is threading.main_thread():
            for number in ENDINGS:
                signal.signal(number, self.reader.stop)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """`--config`; a file that cannot be read is told in a sentence."""
        with readable(param):
            return super().cb_config(ctx, param, value)

    @classmethod
    def invoke(cls, *, check: bool = False, ledger: str | None = None, **options: Any) -> None:
        """The command. What keeps it from its work is told in a sentence."""
        with (
            one_signal_is_enough(),
            told(cls.logger, *TOLD),
            variables_named(cls.name, SETTINGS["properties"]),
            expressions_named("stream_maps", MappingError),
        ):
            if check:
                cls._check(options["config"])
            elif ledger is not None:
                cls._refuse_strangers(options["config"].config or {})
                cls.logger.info(change_keys(ledger, options["config"]))
            else:
                # Tens of thousands of records wait, and hold nothing that only the collector could free.
                gc.freeze()
                gc.set_threshold(_MANY_OBJECTS)
                sys.setswitchinterval(_SOON)
                super().invoke(**options)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command with `CHANGES`, `--dry-run` and `--check`; the SDK tests the connection of taps only."""
        command = super().get_singer_command()
        checks = "Check the settings, and with one request the key, the region and the type of the project."
        plans = "Only plan, and send nothing that writes, whatever the settings say."
        command.params += [
            click.Option(["--check"], is_flag=True, help=checks),
            click.Option(["--dry-run"], is_flag=True, help=plans, expose_value=False, callback=cls._cb_dry_run),
            *(
                click.Option([f"--{name}", "ledger"], flag_value=name, help=it.explained)
                for name, it in CHANGES.items()
            ),
        ]
        return command

    @classmethod
    def _cb_dry_run(cls, _ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click's)
        if value:
            ask_for_dry_run(cls.name)

    @classmethod
    def _check(cls, given: Any) -> None:
        target = cls(config=given.config, parse_env_config=given.parse_env)
        cls.logger.info(check_connection(target.project.client, target.project.type))

    @classmethod
    def _refuse_strangers(cls, config: Mapping[str, Any]) -> None:
        cls.append_builtin_config(SETTINGS)  # the SDK does so when it validates, which is too late for this check
        for problem in sorted(unknown_settings(config, SETTINGS["properties"])):
            raise SettingError(problem)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """The SDK's settings in plain words, without those that would promise something untrue."""
        super().append_builtin_config(config_jsonschema)
        for name in HIDDEN:
            config_jsonschema["properties"].pop(name, None)
        in_plain_words(config_jsonschema["properties"])

    def process_endofpipe(self) -> None:
        """Deliver what waits, emit state, report.

        Raises:
            RecordsRejectedError: at the very end, if there are rejects and `on_reject` is `fail`.
            RemovalsStoppedError: at the very end, if a mirrored source was empty, or if something else has kept what
                has left a source from being removed, and `on_removals_stopped` is `fail`.
        """
        ending = RunEnding.FAILED
        try:
            ending = self._finish()
        finally:
            self._close(ending)
        if ending is RunEnding.WHOLE:
            self._fail_at_stops()
        rejected = sum(delivery.counts.rejected + delivery.counts.not_removed.total() for delivery in self.deliveries)
        if rejected and self._kind.config["on_reject"] == "fail":
            raise RecordsRejectedError(
                f"{rejected} records are rejected or not removed, and `on_reject` is `fail`. State has moved on."
            )

    def _heed_environment(self, given: Mapping[str, Any], *, is_read: bool) -> bool:
        """Whether it is a dry run, by the settings or the environment. Variables without effect are told."""
        if is_read:
            refuse_misread_booleans(self.name, SETTINGS["properties"])
        for remark in remarks(self.name, SETTINGS["properties"], None if is_read else given):
            self.logger.warning(remark)
        is_dry = asks_for_dry_run(self.name) or bool(self.config["dry_run"])
        if is_dry:
            self.logger.info("Dry run: nothing will be written to Iterable.")
        return is_dry

    def _fail_at_stops(self) -> None:
        stopped = {delivery.stream: delivery.counts.stopped for delivery in self.deliveries}
        fatal = self._kind.fatal_stops
        if told := {stream: why for stream, why in stopped.items() if why and why.matters and why.code in fatal}:
            raise removals_stopped(told)

    def _finish(self) -> RunEnding:
        """Deliver what waits; how the run ends with that."""
        if self.reader.postponed:
            return RunEnding.POSTPONED
        try:
            if not self.reader.stopped:
                self._remove_at_end()
            super().process_endofpipe()
        except PostponedError:
            return RunEnding.POSTPONED
        return RunEnding.INTERRUPTED if self.reader.stopped else RunEnding.WHOLE

    def _activate_version(self, message: dict[str, Any]) -> None:
        self.reader.assert_line_requires(message, {"stream", "version"})
        for stream_map in self.mapper.stream_maps.get(message["stream"], ()):
            if self.sink_exists(stream_map.stream_alias):
                sink = self.get_sink(stream_map.stream_alias)
                if sink.process_activate_version_messages and self.reader.version is not None:
                    sink.activate_version(self.reader.version)

    def _remove_at_end(self) -> None:
        """Remove what the input, which has come to its end by itself, no longer holds. All else is delivered first."""
        self.deliveries.deliver()
        for delivery in self.deliveries:
            if (version := delivery.mirror.version_at_end()) is not None:
                delivery.remove_missing(version, lambda: self.reader.stopped)

    def _delivery(self, stream: str, waiting: BufferLevel) -> StreamDelivery:
        sender = Sender(self.project.client, stream, self._resources.request_log)
        route, resources = self.routing.route(stream), self._resources
        history = resources.history(stream, route, once_per_key=self.routing.is_once_per_key(route))
        delivery = StreamDelivery(
            sender,
            self.project.fields.types,
            resources.rejects(stream),
            resources.options,
            history,
            audit=resources.audit(stream, route),
            waiting=waiting,
        )
        self._report.include(stream, route.object, delivery.counts)
        return delivery

    def _deliver_when_due(self) -> None:
        if self.deliveries.is_due():
            self.deliveries.send_in_background(self.state_writer())
            self._report.progress()

    def _close(self, ending: RunEnding = RunEnding.FAILED) -> None:
        finished = ending is RunEnding.WHOLE
        self.deliveries.close()
        for delivery in self.deliveries:
            delivery.record_ending(ending)
        if finished:
            with suppress(LedgerError):
                self._note_absent_mirrors()
        self._report.close(finished=finished)
        for problem in self.routing.unused_routes() if finished else ():
            self.logger.warning(problem)
        self.project.client.close()
        self._kind.close()
        self._resources.close()

    def _note_absent_mirrors(self) -> None:
        for stream, route in self.routing.absent_mirrors().items():
            if route.on_removed != NOTHING and (kept := self._resources.kept(stream, route)):
                stopped = RemovalStop(ABSENT, kept, kept)
                self._report.include(stream, route.object, StreamCounts(is_mirror=True, stopped=stopped))
                self.logger.warning("%s: %s", stream, stopped)

    def _client(self) -> IterableClient:
        try:
            request_log = self._resources.request_log
            user_agent = f"{self.name}/{self.plugin_version}"
            return connect(self.config, user_agent, request_log.record_attempt, self._kind.client(request_log))
        except ValueError as error:
            raise SettingError(str(error)) from None
