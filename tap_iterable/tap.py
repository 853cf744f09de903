"""The tap: its settings, and the list of its streams."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from types import FrameType
from typing import Any, ClassVar, Final

import click
from singer_sdk import Stream
from singer_sdk.cli import plugin_cli
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import CliTestOptionValue

from iterable_api.errors import IterableError, RunEndedError
from iterable_api.http.client import IterableClient
from iterable_api.plugin import environment, stream_maps
from iterable_api.plugin.connection_settings import connect, describe_sdk_settings, unknown_settings
from iterable_api.plugin.exit_errors import (
    JsonObjectFile,
    OutputClosedError,
    UnreadableVariableError,
    WrongExpressionError,
    as_usage_error,
    exit_with_message,
    explain_errors,
    reject_unreadable_booleans,
)
from iterable_api.plugin.log import set_up_log
from iterable_api.waiting.shutdown import EXIT_SIGNALS, bounded_shutdown
from iterable_runs.recording.command import RunRecording
from iterable_runs.recording.settings import observers_of, run_problems
from iterable_runs.recording.surroundings import new_run_id
from iterable_runs.store.facts import StreamFacts
from tap_iterable.config.settings import SCHEMA, problems
from tap_iterable.event_streams.exports import UserStream
from tap_iterable.event_streams.registry import event_streams
from tap_iterable.export.download import SpoolNotWrittenError
from tap_iterable.export.json_answers import array_in
from tap_iterable.export.windows import OversizeError
from tap_iterable.input.catalog import UnusableCatalogError, read_catalog
from tap_iterable.input.costly_streams import SETTING
from tap_iterable.input.mapping import mapper_of
from tap_iterable.input.selection import NothingSelectedError, check_selection
from tap_iterable.input.state import UnusableStateError, bookmarks_in, normalised_bookmarks
from tap_iterable.records.malformed_lines import TooManyMalformedLinesError
from tap_iterable.records.singer_messages import SIGNAL_DEFERRAL, CompleteMessageWriter, MessageWriter
from tap_iterable.reporting.traffic import Traffic, TrafficTap
from tap_iterable.stream_types.base import KEY_CHECK, IterableStream
from tap_iterable.stream_types.resource_stream import RESOURCES, ResourceStream
from tap_iterable.stream_types.stream_facts import StreamBoard
from tap_iterable.streams.registry import COSTLY, PROJECT_STREAMS
from tap_iterable.users_schema_discovery import user_type

_STREAM_NAMES: Final = {*(resource.stream for resource in RESOURCES), *(stream.name for stream in PROJECT_STREAMS)}
"""Streams that are no exports; a data type of `extra_data_types` must not have one of their names."""
_READ_LAST: Final = frozenset({"campaigns"})
"""Streams with ids that other streams give the names for: a target that writes them needs those first."""
EXPECTED_ERRORS: Final = (
    IterableError,
    NothingSelectedError,
    OSError,
    OutputClosedError,
    OversizeError,
    SpoolNotWrittenError,
    TooManyMalformedLinesError,
    UnreadableVariableError,
    UnusableCatalogError,
    UnusableStateError,
    WrongExpressionError,
)
"""Errors that end the run with one line and no traceback. Any other error is a bug."""


class TapIterable(TrafficTap):
    """Reads an Iterable project."""

    name = "tap-iterable"
    package_name = "singer-iterable"
    config_jsonschema = SCHEMA
    message_writer_class = MessageWriter
    # The keys of users depend on a setting, so discovery needs valid settings.
    dynamic_catalog = True
    _is_sync = False
    _is_ready = False
    _recording: ClassVar[RunRecording | None] = None
    _board: StreamBoard | None = None

    def __init__(
        self, *, config: Mapping[str, Any] | None = None, validate_config: bool = True, **options: Any
    ) -> None:
        self.traffic = Traffic()
        if isinstance(given := options.get("catalog"), dict) and not isinstance(given, Catalog):
            options["catalog"] = read_catalog(given)
        self.append_builtin_config(SCHEMA)  # the SDK does so when it validates, after this check
        _raise_config_errors(sorted(unknown_settings(config or {}, SCHEMA["properties"])))
        if options.get("parse_env_config", False):
            environment.nest_objects(self.name, SCHEMA["properties"])
        super().__init__(config=dict(config or {}), validate_config=validate_config, **options)
        self._check_environment(config or {}, is_read=options.get("parse_env_config", False))
        _defer_signals()
        if validate_config:
            _raise_config_errors(problems(self.config, _STREAM_NAMES, COSTLY))
            # Made at the start, so that settings which make no client are refused before anything happens.
            _ = self.client
        if self.input_catalog is not None:
            unnamed = {stream.name: stream.price for stream in self._costly_streams if not stream.selected_by_default}
            check_selection(self.input_catalog, self.streams, unnamed, self.logger)
        if self.config.get("absent_as_null"):
            self.message_writer = CompleteMessageWriter()
        if self._is_sync:
            self._announce_costs()
        if self._recording is not None:
            rows = self.message_writer.rows if isinstance(self.message_writer, MessageWriter) else {}
            self._board = StreamBoard(self.streams.values(), self.state, rows)
        self._is_ready = True

    def setup_mapper(self) -> None:
        """Begin to record the run: the SDK calls this when it knows the settings, and before it makes the streams."""
        if self._recording is not None:
            _raise_config_errors([*run_problems(self.config, self.name)])
            observers = observers_of(self.config, self.name)
            if (notes := self._recording.begin(new_run_id(), self._facts, observers)) is not None:
                self.traffic.on_request = notes.add_request
        maps = self.config.get(stream_maps.SETTING)
        _raise_config_errors([*stream_maps.problems(maps)])
        _ = self.streams  # each takes what it can of the catalog, which the mapper reads
        self.mapper = mapper_of(self.catalog, self.config, self.logger)

    @property
    def _costly_streams(self) -> list[IterableStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, IterableStream) and stream.is_costly]

    def _announce_costs(self) -> None:
        for stream in self._costly_streams:
            if stream.selected:
                self.logger.info("The costly stream %s will be read: %s", stream.name, stream.price)
            elif stream.selected_by_default:
                self.logger.info("`%s` names %s, which the catalog does not select", SETTING, stream.name)

    def _facts(self) -> Sequence[StreamFacts]:
        return self._board.facts() if self._board is not None else ()

    def load_state(self, state: dict[str, Any]) -> None:
        """Load the bookmarks of a state.

        Raises:
            UnusableStateError: if the state has no bookmarks, or one cannot be read.
        """
        if bookmarks := bookmarks_in(state):
            super().load_state({"bookmarks": normalised_bookmarks(bookmarks, self.streams, self.logger)})

    def _check_environment(self, given: Mapping[str, Any], *, is_read: bool) -> None:
        """Reject environment variables that cannot be read, and warn of those without effect."""
        if is_read:
            reject_unreadable_booleans(self.name, SCHEMA["properties"])
        unheeded = () if is_read else environment.unused_variables(self.name, SCHEMA["properties"], given)
        for remark in (*environment.unknown_variables(self.name, SCHEMA["properties"]), *unheeded):
            self.logger.warning("%s", remark)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End without a state before there is one: the SDK would write an empty one, and has no public hook."""
        if self._recording is not None:
            self._recording.interrupt()
        if not (self._is_sync and self._is_ready):
            raise RunEndedError("The run was asked to end before it had begun")
        super()._handle_termination(signum, frame)

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """All streams by name, in the order of reading: that of the SDK, which is by name, but for `_READ_LAST`."""
        return dict(sorted(super().streams.items(), key=lambda named: named[0] in _READ_LAST))

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, with descriptions in plain words."""
        super().append_builtin_config(config_jsonschema)
        describe_sdk_settings(config_jsonschema["properties"])

    @cached_property
    def client(self) -> IterableClient:
        """One client for all streams, since limits belong to the project.

        Raises:
            ConfigValidationError: if the settings make no client.
        """
        try:
            return connect(
                self.config,
                f"{self.name}/{self.plugin_version}",
                on_attempt=self.traffic.record_attempt,
                on_answer=self.traffic.record_answer,
            )
        except ValueError as error:
            raise ConfigValidationError(str(error), errors=[str(error)]) from None

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read `--config`; a file that cannot be read is a usage error."""
        with as_usage_error(param):
            return super().cb_config(ctx, param, value)

    @classmethod
    def invoke(cls, **options: Any) -> None:
        """Run the command; expected errors end it with one line."""
        cls._recording = RunRecording(cls.name, cls.plugin_version, (*EXPECTED_ERRORS, ConfigValidationError))
        with (
            bounded_shutdown(before_force=cls._recording.end_by_force),
            exit_with_message(cls.logger, *EXPECTED_ERRORS, passed=ConfigValidationError),
            cls._recording,
            _explain_errors(),
        ):
            cls._is_sync = True
            super().invoke(**options)

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805 (the decorator calls it with the class)
        """Set up the log, and return the command."""
        with set_up_log(cls.name):
            return super().cli

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command; files of `--catalog` and `--state` that are no JSON are usage errors."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name in ("catalog", "state"):
                option.type = JsonObjectFile()
        return command

    @classmethod
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:  # noqa: FBT001 (as in the SDK)
        """Run `--discover`, which asks Iterable for the fields of users if `typed_user_fields` is set."""
        with (
            bounded_shutdown(),
            exit_with_message(cls.logger, *EXPECTED_ERRORS, passed=ConfigValidationError),
            RunRecording(cls.name, cls.plugin_version, EXPECTED_ERRORS),  # it is no run, and how it ends is told
            _explain_errors(),
        ):
            super().cb_discover(ctx, param, value)

    def discover_streams(self) -> Sequence[Stream]:
        """All streams. Those of the project come first: they are quick, and events refer to them."""
        return [
            *(ResourceStream(self, self.client, resource) for resource in RESOURCES),
            *(stream(self, self.client) for stream in PROJECT_STREAMS),
            UserStream(self, self.client, user_type(self.client, self.config)),
            *event_streams(self, self.client),
        ]

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Run `--test`, which makes one cheap request with the key; `--test=schema` writes the schemas."""
        try:
            with (
                bounded_shutdown(),
                _explain_errors(),
            ):
                if value == CliTestOptionValue.All.value:
                    cls._test(ctx.params["config"])
                    ctx.exit()
                super().cb_test(ctx, param, value)
        except ConfigValidationError as error:
            ctx.fail("; ".join(error.errors))
        except EXPECTED_ERRORS as error:
            ctx.fail(str(error))

    @classmethod
    def _test(cls, given: Any) -> None:
        tap = cls(config=given.config, parse_env_config=given.parse_env)
        _raise_config_errors([*run_problems(tap.config, cls.name)])
        array_in(tap.client.get_json(KEY_CHECK), "channels", KEY_CHECK)
        cls.logger.info("The key works in this data centre. Whether it may export, too, shows in a run.")


def _explain_errors() -> AbstractContextManager[None]:
    return explain_errors(TapIterable.name, SCHEMA["properties"], {stream_maps.SETTING: MappingError})


def _defer_signals() -> None:
    """Defer the SDK's handlers of signals, which write state, until the line being written is whole."""
    if threading.current_thread() is threading.main_thread():
        for number in EXIT_SIGNALS:
            if callable(handler := signal.getsignal(number)):
                signal.signal(number, SIGNAL_DEFERRAL.handling(handler))


def _raise_config_errors(errors: list[str]) -> None:
    if errors:
        raise ConfigValidationError("; ".join(errors), errors=errors)


if __name__ == "__main__":
    TapIterable.cli()
