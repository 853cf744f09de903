"""The tap: its settings, and the list of its streams."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import FrameType
from typing import Any, Final

import click
from singer_sdk import Stream, Tap
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.tap_base import CliTestOptionValue

from iterable_api.errors import IterableError, RunEndedError
from iterable_api.facts.data_types import USER, DataType
from iterable_api.http.client import IterableClient
from iterable_api.plugin import environment
from iterable_api.plugin.connection_settings import connect, in_plain_words, unknown_settings
from iterable_api.plugin.exit_errors import (
    JsonObjectFile,
    UnreadableVariableError,
    WrongExpressionError,
    expressions_named,
    readable,
    refuse_misread_booleans,
    told,
    variables_named,
)
from iterable_api.waiting.shutdown import ENDINGS, one_signal_is_enough
from tap_iterable.config.settings import SCHEMA, problems
from tap_iterable.export.json_answers import array_in
from tap_iterable.export.windows import OversizeError
from tap_iterable.input.selection import NothingSelectedError, check_selection
from tap_iterable.input.state import UnusableStateError, bookmarks_in, usable
from tap_iterable.records.malformed_lines import TooManyMalformedLinesError
from tap_iterable.records.singer_messages import UNDISTURBED, MessageWriter
from tap_iterable.stream_types.base import KEY_CHECK
from tap_iterable.stream_types.resource_stream import RESOURCES, ResourceStream
from tap_iterable.streams.events import event_streams
from tap_iterable.streams.exports import UserStream
from tap_iterable.streams.registry import PROJECT_STREAMS
from tap_iterable.users_schema_discovery import with_columns_of

_TAKEN: Final = {*(resource.stream for resource in RESOURCES), *(stream.name for stream in PROJECT_STREAMS)}
"""Names of streams that a data type must not have."""
TOLD: Final = (
    IterableError,
    NothingSelectedError,
    OSError,
    OversizeError,
    TooManyMalformedLinesError,
    UnreadableVariableError,
    UnusableStateError,
    WrongExpressionError,
)
"""What is told in a sentence; everything else is a mistake of ours, and shows where it happened."""


class TapIterable(Tap):
    """Reads an Iterable project."""

    name = "tap-iterable"
    package_name = "singer-iterable"
    config_jsonschema = SCHEMA
    message_writer_class = MessageWriter
    # The keys of users depend on a setting, so discovery needs valid settings.
    dynamic_catalog = True
    _reads = False
    _is_ready = False

    def __init__(
        self, *, config: Mapping[str, Any] | None = None, validate_config: bool = True, **options: Any
    ) -> None:
        self.append_builtin_config(SCHEMA)  # the SDK does so when it validates, which is too late for this check
        _refuse(sorted(unknown_settings(config or {}, SCHEMA["properties"])))
        super().__init__(config=dict(config or {}), validate_config=validate_config, **options)
        self._heed_environment(config or {}, is_read=options.get("parse_env_config", False))
        _let_lines_end()
        if validate_config:
            _refuse(problems(self.config, _TAKEN))
            # Made now, so that settings which make no client are refused before anything happens.
            _ = self.client
        if self.input_catalog is not None:
            check_selection(self.input_catalog, self.streams, self.logger)
        self._is_ready = True

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over the bookmarks of a state.

        Raises:
            UnusableStateError: if there are none in it, or one cannot be read.
        """
        if bookmarks := bookmarks_in(state):
            super().load_state({"bookmarks": usable(bookmarks, self.streams, self.logger)})

    def _heed_environment(self, given: Mapping[str, Any], *, is_read: bool) -> None:
        """Refuse variables that cannot be read, and tell those without effect."""
        if is_read:
            refuse_misread_booleans(self.name, SCHEMA["properties"])
        unheeded = () if is_read else environment.unheeded(self.name, SCHEMA["properties"], given)
        for remark in (*environment.unknown(self.name, SCHEMA["properties"]), *unheeded):
            self.logger.warning("%s", remark)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End without a state before there is one: the SDK, which has no public hook, would write an empty one."""
        if not (self._reads and self._is_ready):
            raise RunEndedError("The run was asked to end before it had begun")
        super()._handle_termination(signum, frame)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """The SDK's settings, in plain words."""
        super().append_builtin_config(config_jsonschema)
        in_plain_words(config_jsonschema["properties"])

    @cached_property
    def client(self) -> IterableClient:
        """One client for all streams, since limits belong to the project.

        Raises:
            ConfigValidationError: if the settings make no client.
        """
        try:
            return connect(self.config, f"{self.name}/{self.plugin_version}")
        except ValueError as error:
            raise ConfigValidationError(str(error), errors=[str(error)]) from None

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """`--config`; a file that cannot be read is told in a sentence."""
        with readable(param):
            return super().cb_config(ctx, param, value)

    @classmethod
    def invoke(cls, **options: Any) -> None:
        """The command. What keeps it from its work is told in a sentence."""
        with (
            one_signal_is_enough(),
            told(cls.logger, *TOLD),
            variables_named(cls.name, SCHEMA["properties"]),
            expressions_named("stream_maps", MappingError),
        ):
            cls._reads = True
            super().invoke(**options)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """The SDK's command; files of `--catalog` and `--state` that are no JSON are told in a sentence."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name in ("catalog", "state"):
                option.type = JsonObjectFile()
        return command

    @classmethod
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:  # noqa: FBT001 (as in the SDK)
        """`--discover` asks Iterable for the columns of users, if these are wanted."""
        with one_signal_is_enough(), told(cls.logger, *TOLD), variables_named(cls.name, SCHEMA["properties"]):
            super().cb_discover(ctx, param, value)

    def discover_streams(self) -> Sequence[Stream]:
        """Streams of the project first: they are quick, and events refer to them."""
        return [
            *(ResourceStream(self, self.client, resource) for resource in RESOURCES),
            *(stream(self, self.client) for stream in PROJECT_STREAMS),
            UserStream(self, self.client, self._user_type()),
            *event_streams(self, self.client),
        ]

    def _user_type(self) -> DataType:
        return with_columns_of(self.client, USER) if self.config["typed_user_fields"] else USER

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """`--test` makes one cheap request with the key; `--test=schema` writes the schemas."""
        try:
            with one_signal_is_enough(), variables_named(cls.name, SCHEMA["properties"]):
                if value != CliTestOptionValue.All.value:
                    super().cb_test(ctx, param, value)
                else:
                    cls._test(ctx.params["config"])
                    ctx.exit()
        except ConfigValidationError as error:
            ctx.fail("; ".join(error.errors))
        except TOLD as error:
            ctx.fail(str(error))

    @classmethod
    def _test(cls, given: Any) -> None:
        tap = cls(config=given.config, parse_env_config=given.parse_env)
        array_in(tap.client.get_json(KEY_CHECK), "channels", KEY_CHECK)
        cls.logger.info("The key works in this data centre. Whether it may export, too, shows in a run.")


def _let_lines_end() -> None:
    """Let the SDK's handlers of signals, which write state, wait until the line at hand is whole."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDINGS:
            if callable(handler := signal.getsignal(number)):
                signal.signal(number, UNDISTURBED.handling(handler))


def _refuse(errors: list[str]) -> None:
    if errors:
        raise ConfigValidationError("; ".join(errors), errors=errors)


if __name__ == "__main__":
    TapIterable.cli()
