"""Expected errors of a plugin's command: it exits with a sentence instead of a traceback."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import click

from iterable_api.error_notes import in_sentences
from iterable_api.plugin import environment

_PARSERS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "boolean": ("true or false", environment.parse_boolean),
    "integer": ("a whole number", int),
    "array": ("an array in JSON", json.loads),
    "object": ("an object in JSON", json.loads),
}
"""By the type of a setting: the form of the text of its environment variable, in words, and the parser."""

_BUG: Final = (
    "An error that is not expected has ended the run (%s). Its traceback is above: report it to us. State has not "
    "moved past what was not delivered, so the next run goes on from there."
)


@contextmanager
def exit_with_message(
    logger: logging.Logger, *kinds: type[Exception], passed: type[Exception] = click.ClickException
) -> Iterator[None]:
    """End the process with a sentence as its last line, and status 1.

    For an exception of these kinds it is its text with its notes, and its traceback is logged at DEBUG. Any other is a
    bug, so its traceback is logged, too. Click's own exceptions pass, and those of the kind `passed`.
    """
    try:
        yield
    except kinds as error:
        logger.debug("This is where it happened.", exc_info=error)
        logger.error("%s", in_sentences(error))  # noqa: TRY400 (the text says what to do; the traceback is above)
        sys.exit(1)
    except (passed, click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        logger.exception("This is where it happened.")
        logger.error(_BUG, type(error).__name__)  # noqa: TRY400 (the traceback is above)
        sys.exit(1)


@contextmanager
def as_usage_error(param: click.Parameter) -> Iterator[None]:
    """Turn errors of an option's file, which is missing or no JSON, into usage errors.

    Raises:
        click.BadParameter: in place of the errors that the SDK lets through.
    """
    try:
        yield
    except (OSError, TypeError, ValueError) as error:
        raise click.BadParameter(str(error), param=param) from None


class JsonObjectFile(click.File):
    """Type of an option that names a file with a JSON object in it. The value is the text of the file."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> io.StringIO:
        """The text of the file; a usage error if it is not a JSON object."""
        try:
            text = super().convert(value, param, ctx).read()
            is_object = isinstance(json.loads(text), dict)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not is_object:
            self.fail("The file must hold a JSON object.", param, ctx)
        return io.StringIO(text)


class WrongExpressionError(Exception):
    """A setting holds an expression that cannot be evaluated."""


@contextmanager
def _explain_expression_errors(setting: str, kind: type[Exception]) -> Iterator[None]:
    """Add the name of the setting to errors of its expressions.

    Raises:
        WrongExpressionError: in place of them.
    """
    try:
        yield
    except kind as error:
        raise WrongExpressionError(f"`{setting}` holds an expression that does not work: {error}") from error


class OutputClosedError(Exception):
    """The program that reads standard output has ended before everything was written."""


@contextmanager
def _explain_closed_output() -> Iterator[None]:
    """Say who is to blame when nobody reads standard output any more.

    Raises:
        OutputClosedError: in place of BrokenPipeError. Lost connections are errors of other kinds.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosedError(
            "The program that reads the output has ended before everything was written. "
            "What it has said last tells why."
        ) from error


class UnreadableVariableError(Exception):
    """Environment variables whose text is not of the type of their setting."""


@contextmanager
def _explain_variable_errors(plugin: str, properties: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Name the environment variables that cannot be read, which the SDK does not.

    Raises:
        UnreadableVariableError: in place of the SDK's ValueError.
    """
    try:
        yield
    except ValueError:
        _reject_unreadable(plugin, properties)
        raise


@contextmanager
def explain_errors(
    plugin: str, properties: Mapping[str, Mapping[str, Any]], expressions: Mapping[str, type[Exception]]
) -> Iterator[None]:
    """Say what is wrong with what a user has given, and when nobody reads the output any more.

    Args:
        plugin: its name.
        properties: the JSON Schemas of its settings.
        expressions: setting that holds expressions -> the error with which they fail.

    Raises:
        OutputClosedError: see there.
        UnreadableVariableError: see there.
        WrongExpressionError: see there.
    """
    with ExitStack() as stack:
        stack.enter_context(_explain_closed_output())
        stack.enter_context(_explain_variable_errors(plugin, properties))
        for setting, kind in expressions.items():
            stack.enter_context(_explain_expression_errors(setting, kind))
        yield


def reject_unreadable_booleans(plugin: str, properties: Mapping[str, Mapping[str, Any]]) -> None:
    """Reject environment variables of booleans that are neither true nor false: the SDK takes them for false.

    Raises:
        UnreadableVariableError: naming these variables.
    """
    _reject_unreadable(plugin, {name: schema for name, schema in properties.items() if "boolean" in schema["type"]})


def _reject_unreadable(plugin: str, properties: Mapping[str, Mapping[str, Any]]) -> None:
    if wrong := [problem for name, schema in properties.items() for problem in _unreadable(plugin, name, schema)]:
        raise UnreadableVariableError("; ".join(wrong)) from None


def _unreadable(plugin: str, name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    variable = environment.variable_name(plugin, name)
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    for expected, read in (_PARSERS[kind] for kind in types if kind in _PARSERS and variable in os.environ):
        try:
            read(os.environ[variable])
        except ValueError:
            yield f"`{name}` must be {expected}: the environment variable {variable} is not"
