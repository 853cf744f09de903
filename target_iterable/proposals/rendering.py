"""The text of proposals: YAML with comments, to be pasted into `meltano.yml`, or JSON of the settings alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

from iterable_api.facts.identity import ProjectType
from target_iterable.proposals.project_contents import ProjectContents
from target_iterable.proposals.proposing import Proposal

_WIDTH: Final = 116
_PLAIN: Final = re.compile(r"[A-Za-z_][\w-]*(?:[ .][\w-]+)*", re.ASCII)
_WORDS_OF_YAML: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_TYPES_IN_WORDS: Final[Mapping[ProjectType, str]] = {
    ProjectType.EMAIL: "e-mail-based",
    ProjectType.USER_ID: "userID-based",
    ProjectType.HYBRID: "hybrid",
}


def settings_of(proposals: Sequence[Proposal], project: ProjectContents, configured: ProjectType) -> dict[str, Any]:
    """Return the settings that are proposed: `streams`, and `project_type` where it is not the configured one."""
    streams = {proposal.stream: proposal.entry for proposal in proposals if not proposal.missing}
    type_ = {} if project.type is configured else {"project_type": str(project.type)}
    return {**type_, "streams": streams}


def as_json(settings: Mapping[str, Any]) -> str:
    """Return the settings as JSON."""
    return json.dumps(settings, indent=2, ensure_ascii=True)


def as_yaml(proposals: Sequence[Proposal], project: ProjectContents, configured: ProjectType) -> str:
    """Return the settings as YAML. Comments say why, and hold what cannot be used as it is."""
    lines = [*_comment(_about(project)), *_comment("To be pasted under `config` of target-iterable in `meltano.yml`.")]
    settings = settings_of(proposals, project, configured)
    if "project_type" in settings:
        lines.append(f"project_type: {settings['project_type']}")
    lines.append("streams:" if settings["streams"] else "streams: {}")
    for proposal in proposals:
        lines += ["", *_block(proposal)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def notes_of(proposal: Proposal) -> Iterator[str]:
    """Yield the sentences about one stream."""
    yield f"The stream `{proposal.stream}` is {_verdict(proposal)}."
    yield from (f"Missing: {missing}" for missing in proposal.missing)
    yield from proposal.notes


def _verdict(proposal: Proposal) -> str:
    if not proposal.title:
        return "not recognised"
    return f"{proposal.title}. But it cannot be used as it is" if proposal.missing else proposal.title


def _about(project: ProjectContents) -> str:
    known = "The project is" if project.is_type_known else "The settings call the project"
    counts = f"{len(project.fields)} profile fields, {len(project.lists)} lists, {len(project.catalogs)} catalogs"
    unread = f" The key may not read: {', '.join(project.unreadable)}." if project.unreadable else ""
    return f"{known} {_TYPES_IN_WORDS[project.type]}, with {counts}.{unread}"


def _block(proposal: Proposal) -> Iterator[str]:
    for number, note in enumerate(notes_of(proposal)):
        yield from _comment(note if number == 0 else f"- {note}", "  ")
    lines = [f"{_scalar(proposal.stream)}:", *(f"  {line}" for line in _entry(proposal))]
    mark = "# " if proposal.missing else ""
    yield from (f"  {mark}{line}" for line in lines)


def _entry(proposal: Proposal) -> Iterator[str]:
    for key, value in proposal.entry.items():
        if isinstance(value, dict):
            yield f"{key}:"
            for name, field in value.items():
                yield f"  {_scalar(name)}: {_scalar(field)}{_why(proposal, name)}"
        elif isinstance(value, list):
            yield f"{key}:"
            for name in value:
                yield f"- {_scalar(name)}{_why(proposal, name)}"
        else:
            yield f"{key}: {_scalar(value)}"


def _why(proposal: Proposal, name: str) -> str:
    reason = proposal.reasons.get(name)
    return f"  # {_printable(reason)}" if reason else ""


def _scalar(value: Any) -> str:
    """A value as YAML 1.1 and 1.2 read it alike: plain if that is clear, else as JSON, which both read."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in text)


def _comment(text: str, indent: str = "") -> Iterator[str]:
    hanging = "  " if text.startswith("- ") else ""
    for number, line in enumerate(wrap(_printable(text), _WIDTH - len(indent), break_long_words=False)):
        yield f"{indent}# {hanging if number else ''}{line}"


def _printable(text: str) -> str:
    """The text without line breaks, which would end a comment."""
    return "".join(character if character.isprintable() else "?" for character in text)
