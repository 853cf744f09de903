"""The target: wires reader, sinks and delivery of a run, and ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, ClassVar

from singer_sdk import Target
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities

from iterable_api.facts.identity import ProjectType
from iterable_api.http.client import IterableClient
from iterable_api.plugin import environment
from iterable_api.plugin.connection_settings import connect
from iterable_api.plugin.exit_errors import reject_unreadable_booleans
from iterable_api.waiting.shutdown import EXIT_SIGNALS
from iterable_runs.recording.settings import ALL, NONE
from iterable_runs.recording.surroundings import new_run_id
from target_iterable.batch_files.batch_files import BatchFiles
from target_iterable.command_line import CommandLine, RecordsRejectedError
from target_iterable.config.given_settings import is_dry_run_requested, normalise, variable_warnings
from target_iterable.config.phone_settings import phone_spelling
from target_iterable.config.project_copy_routes import project_copy_routes
from target_iterable.config.record_settings import PERMISSIONS
from target_iterable.config.route import NOTHING, Route
from target_iterable.config.router import Router
from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS
from target_iterable.core.rejection import RejectReason
from target_iterable.core.removal_stops import STREAM_ABSENT, RemovalStop, RunEnding
from target_iterable.core.source import InputMessage
from target_iterable.delivery.buffer import BufferLevel, Checkpoint
from target_iterable.delivery.errors import PostponedError
from target_iterable.delivery.run_delivery import RunDelivery
from target_iterable.delivery.stream_delivery import StreamDelivery
from target_iterable.fast_dispatch import FastDispatchTarget
from target_iterable.ledger.errors import LedgerError
from target_iterable.mirror.errors import removals_stopped
from target_iterable.objects.content.catalog_items import catalog_place
from target_iterable.objects.registry import OBJECTS
from target_iterable.project.project import Project
from target_iterable.reporting.identity_notes import IdentityNotes
from target_iterable.reporting.run_facts import facts_of
from target_iterable.reporting.run_report import RunReport
from target_iterable.reporting.stream_counts import StreamCounts
from target_iterable.requests.sender import Sender
from target_iterable.runs.dry_run import DryRun
from target_iterable.runs.real_run import RealRun
from target_iterable.runs.run_resources import RunResources
from target_iterable.singer_reader import SingerReader
from target_iterable.sink import IterableSink


class TargetIterable(CommandLine, FastDispatchTarget):
    """Singer target that writes into an Iterable project: all that `OBJECTS` lists, from users to messages."""

    name = "target-iterable"
    package_name = "singer-iterable"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS
    default_sink_class = IterableSink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [*Target.capabilities, PluginCapabilities.BATCH]

    def __init__(self, *, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.reader = SingerReader()
        self.refuse_unknown_settings(config or {})
        if options.get("parse_env_config", False):
            environment.nest_objects(self.name, SETTINGS["properties"])
        super().__init__(config=normalise(config or {}), **options, message_reader=self.reader)
        is_dry = self._check_environment(config or {}, is_read=options.get("parse_env_config", False))
        self._streams: dict[str, tuple[str, StreamCounts]] = {}
        run_id = new_run_id()
        self._notes = self._begin_recording(run_id, partial(facts_of, self._streams), is_dry=is_dry)
        specs = (object_.spec for object_ in OBJECTS.values())
        permissions = {name for name in PERMISSIONS if self.config[name]}
        self.routing = Router(
            self.config["streams"],
            specs,
            ProjectType(self.config["project_type"]),
            permissions,
            project_copy_routes(self.config),
        )
        self._kind = (DryRun if is_dry else RealRun)(self.config)
        self.reader.passes_state = self._kind.passes_state
        self._resources = RunResources(
            self._kind.config,
            self._kind.store_classes,
            run_id=run_id,
            needs_ledger=self.routing.needs_ledger,
            must_remember=self.routing.must_remember,
        )
        if self._notes is not None:
            self._resources.request_log.on_request = self._notes.add_request
        if self.routing.may_remove:
            self._resources.check_audit_path()
        self.project = Project(
            self._client(),
            ProjectType(self.config["project_type"]),
            coerce=self.config["coerce_types"],
            spell_phone_number=phone_spelling(self.config),
        )
        self.project.catalogs.on_create = lambda name: self._resources.invalidate_scope(catalog_place(name))
        self.deliveries = RunDelivery(
            self._delivery,
            sends_in_background=self._kind.sends_in_background,
            max_rows=self.config["max_buffered_rows"],
        )
        self._batch_files = BatchFiles(
            self.config, lambda: self.deliveries.last.number, deletes=self._kind.passes_state
        )
        self._report = RunReport(self.config.get("summary_path"), self._kind, run_id, self._streams)
        self.reader.path_of = self.columnar_path
        self.reader.blocks_of = self._batch_files.blocks
        self.reader.on_message = self._deliver_when_due
        self.reader.on_version = self._activate_version
        self.reader.on_state = self.deliveries.record_state
        self.reader.unreadable.on_reject = self._reject_unreadable
        self.reader.on_break = self._break_off
        # The SDK would drain the streams at the same time; see `RunDelivery.deliver`.
        self.max_parallelism = 1
        if threading.current_thread() is threading.main_thread():
            for number in EXIT_SIGNALS:
                signal.signal(number, self._stop)

    def process_endofpipe(self) -> None:
        """Deliver what is buffered, emit state, report.

        Raises:
            RecordsRejectedError: at the very end, if there are rejects and `on_reject` is `fail`.
            RemovalsStoppedError: at the very end, if a mirrored source was empty, or if removals were stopped for
                another reason and `on_removals_stopped` is `fail`.
        """
        ending = RunEnding.FAILED
        try:
            ending = self._finish()
        finally:
            self._close(ending)
        if ending is RunEnding.COMPLETE:
            self._fail_if_removals_stopped()
        rejected = sum(delivery.counts.rejected + delivery.counts.not_removed.total() for delivery in self.deliveries)
        if rejected and self._kind.config["on_reject"] == "fail":
            raise RecordsRejectedError(
                f"{rejected} records are rejected or not removed, and `on_reject` is `fail`. State has moved on."
            )

    def _check_environment(self, given: Mapping[str, Any], *, is_read: bool) -> bool:
        """Whether it is a dry run, by the settings or the environment. Logs variables that have no effect.

        Raises:
            UnreadableVariableError, SettingError: for variables that are not what their settings must be.
        """
        if is_read:
            reject_unreadable_booleans(self.name, SETTINGS["properties"])
        for warning in variable_warnings(self.name, SETTINGS["properties"], None if is_read else given):
            self.logger.warning(warning)
        is_dry = is_dry_run_requested(self.name) or bool(self.config["dry_run"])
        if is_dry:
            self.logger.info("Dry run: nothing will be written to Iterable.")
        return is_dry

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.note_interrupt()
        self.reader.stop(number, frame)

    def _fail_if_removals_stopped(self) -> None:
        stopped = {delivery.stream: delivery.counts.removal_stop for delivery in self.deliveries}
        fatal = self._kind.fatal_stops
        if fatal_found := {stream: why for stream, why in stopped.items() if why and why.matters and why.code in fatal}:
            raise removals_stopped(fatal_found)

    def _finish(self) -> RunEnding:
        """Deliver what is buffered, and return how the run ends."""
        if self.reader.postponed:
            return RunEnding.POSTPONED
        try:
            if not self.reader.stopped:
                self._remove_at_end()
            super().process_endofpipe()
        except PostponedError:
            return RunEnding.POSTPONED
        return RunEnding.INTERRUPTED if self.reader.stopped else RunEnding.COMPLETE

    def _reject_unreadable(self, stream: str, reason: RejectReason, message: InputMessage) -> None:
        for sink in self.sinks_of(stream):
            if isinstance(sink, IterableSink):
                sink.reject(reason, message)

    def _activate_version(self, message: dict[str, Any]) -> None:
        self.reader.assert_line_requires(message, {"stream", "version"})
        for stream_map in self.mapper.stream_maps.get(message["stream"], ()):
            if self.sink_exists(stream_map.stream_alias):
                sink = self.get_sink(stream_map.stream_alias)
                if sink.process_activate_version_messages and self.reader.version is not None:
                    sink.activate_version(self.reader.version)

    def _remove_at_end(self) -> None:
        """At the regular end of the input, remove what it no longer holds, after everything else is delivered."""
        self.deliveries.deliver()
        for delivery in self.deliveries:
            if (version := delivery.mirror.version_at_end()) is not None:
                delivery.remove_missing(version, lambda: self.reader.stopped)

    def _delivery(self, stream: str, buffer_level: BufferLevel) -> StreamDelivery:
        sender = Sender(self.project.client, stream, self._resources.request_log)
        route, resources = self.routing.route(stream), self._resources
        history = resources.history(stream, route, once_per_key=self.routing.is_once_per_key(route))
        delivery = StreamDelivery(
            sender,
            self.project.fields.types,
            resources.dead_letter_file(stream),
            resources.options,
            history,
            audit=resources.audit_log(stream, route),
            buffer_level=buffer_level,
            identities=self._identity_notes(stream, route),
        )
        self._report.add_stream(stream, route.object, delivery.counts)
        return delivery

    def _identity_notes(self, stream: str, route: Route) -> IdentityNotes | None:
        wanted = self.config["run_history_identities"]
        if self._notes is None or wanted == NONE or not self.config["run_history"]:
            return None
        return IdentityNotes(stream, self._notes.add_identities, route.fields, of_all=wanted == ALL)

    def _deliver_when_due(self) -> None:
        if self.deliveries.is_due():
            self.deliveries.send_in_background(self._state_mover())

    def _state_mover(self) -> Callable[[], None]:
        """Return a function that emits the latest state as of now, and then deletes the files before it."""
        write, last = self.state_writer(), self.deliveries.last

        def move() -> None:
            write()
            self._delete_before(last)

        return move

    def _delete_before(self, checkpoint: Checkpoint) -> None:
        """Delete the BATCH files before a state that was emitted; an empty one is not."""
        if checkpoint.state:
            self._batch_files.covered.delete(checkpoint.number)

    def _break_off(self) -> None:
        """End the run at an error of the reading. What came before it is delivered."""
        try:
            self.deliveries.deliver_before_failure()
        finally:
            self._close()

    def _close(self, ending: RunEnding = RunEnding.FAILED) -> None:
        finished, settled = ending is RunEnding.COMPLETE, self.deliveries.settled
        if not finished and self.reader.passes_state:
            self.emit_state(settled.state)
        self.deliveries.close()
        self._delete_before(settled)
        for delivery in self.deliveries:
            delivery.record_ending(ending)
        if finished:
            with suppress(LedgerError):
                self._report_absent_mirrors()
        self._report.close(finished=finished)
        for problem in self.routing.unused_routes() if finished else ():
            self.logger.warning(problem)
        self.project.client.close()
        self._kind.close()
        self._resources.close()

    def _report_absent_mirrors(self) -> None:
        for stream, route in self.routing.absent_mirrors().items():
            if route.on_removed != NOTHING and (kept := self._resources.member_count(stream, route)):
                stopped = RemovalStop(STREAM_ABSENT, kept, kept)
                self._report.add_stream(stream, route.object, StreamCounts(is_mirror=True, removal_stop=stopped))
                self.logger.warning("%s: %s", stream, stopped)

    def _client(self) -> IterableClient:
        try:
            request_log = self._resources.request_log
            user_agent = f"{self.name}/{self.plugin_version}"
            return connect(self.config, user_agent, request_log.record_attempt, self._kind.client_factory(request_log))
        except ValueError as error:
            raise SettingError(str(error)) from None
