"""The command that proposes routes: reads a source and the project, and writes nothing but its answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import click
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.config.route import Route
from target_iterable.config.router import Router
from target_iterable.objects.registry import OBJECTS
from target_iterable.project.project import Project
from target_iterable.proposals.forms import YAML
from target_iterable.proposals.project_contents import read_project
from target_iterable.proposals.proposing import propose
from target_iterable.proposals.rendering import as_json, as_yaml, notes_of, settings_of
from target_iterable.proposals.source_streams import Decode, read_streams

_logger: Final = logging.getLogger("target-iterable")


def propose_routes(lines: Iterable[str], decode: Decode, project: Project, router: Router, form: str) -> None:
    """Print the routes that are proposed for the streams of the input that have none.

    Args:
        lines: Singer messages, or a catalog.
        decode: decodes a message.
        project: the project.
        router: the routes of the settings.
        form: one of `FORMATS`.

    Raises:
        InvalidInputLine: if the input holds no streams.
        IterableError: if the project cannot be read.
    """
    streams = read_streams(lines, decode)
    if not streams:
        raise InvalidInputLine("The input announces no stream: it needs SCHEMA messages, or the catalog of a tap")
    for stream in streams:
        if router.has_route(stream.name):
            _logger.info("The stream %r has a route in `streams` already.", stream.name)
    contents = read_project(project)
    new = [stream for stream in streams if not router.has_route(stream.name)]

    def read_route(stream: str, entry: Mapping[str, Any]) -> Route:
        return Router({stream: entry}, (object_.spec for object_ in OBJECTS.values()), contents.type).route(stream)

    proposals = [propose(stream, contents, read_route) for stream in new]
    if form == YAML:
        click.echo(as_yaml(proposals, contents, project.type), nl=False)
        return
    for proposal in proposals:
        for note in notes_of(proposal):
            _logger.info("%s", note)
    click.echo(as_json(settings_of(proposals, contents, project.type)))
