"""The page that describes every object that the target writes, made from the objects."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from target_iterable.config.route import ObjectSpec
from target_iterable.config.settings import SETTINGS
from target_iterable.objects.registry import OBJECTS, IterableObject
from tools.generated import ROOT

PAGE: Final = ROOT / "docs" / "objects.md"

_HEAD: Final = """# Objects

Made from the code by `make docs`.

What the records of a stream are in Iterable is the `object` of their route. The setting `streams` holds the routes:

    streams:
      public-customers: {object: users, fields: {id: userId}, drop: [internal_note, "*_at"]}
      "*_audience": {object: list_members, list: Loyal customers, skip_unchanged: true}

The key is the stream's name or a glob. A stream that no key fits goes by its name, without what stands before a dash.
A record that does not fit its object is rejected with the reason, and the run goes on.

Meltano loses the nulls in `meltano.yml`: `fields: {internal_note: null}` does nothing there, and the field is made in
Iterable for ever. So columns are left out by `drop` or `keep_only`. What a route leaves out, its `fields` and
`defaults` cannot name. The columns of a stream's key identify its records, whether they travel or not; but a user
cannot be found without `email` or `userId`.

## What every route can say
"""
_SAME: Final = """## Which records are the same

What happens once for each key of the stream, and ids that follow from a key or from content, go by one normal form:

- A key is its values, sorted by the names of their columns. In which order `key_properties` names them is no matter.
- 1, 1.0 and "1" are the same, and so are 2.5 and 2.50, `true` and "true". A text is itself: "1.0" and "01" are not "1".
- A column that the schema calls `date-time` or `date` is the moment that it names, however spelt, to the last digit.
- Members of objects are sorted. Those that are null, or are objects of nothing but nulls, are left out, at any depth.
  An empty text is a value.

An event without an `id` is known by the name of its stream and by what Iterable stores of it. So a new column that is
null, or other `key_properties`, make no second event; a value that has changed does. Of the key counts only what is
not stored: columns that the route drops, and fractions of seconds. For calls of Segment without a messageId the whole
key counts. A purchase without an `id` is known by the stream's key alone; where that is missing or null, as events are.
"""
_COLUMNS: Final = re.compile(r"(?P<names>\w+(?:, (?:and )?[\w ]+)*): (?P<text>.+)", re.DOTALL)
_ENTRY: Final = re.compile(r"\n(?! )")


def files() -> dict[Path, str]:
    """The page."""
    routes = SETTINGS["properties"]["streams"]["additionalProperties"]["properties"]
    keys = [f"- `{name}`: {schema['description']}" for name, schema in routes.items()]
    objects = [line for object_ in OBJECTS.values() for line in _section(object_)]
    return {PAGE: "\n".join([_HEAD, *keys, "", _SAME, *objects])}


def _section(object_: type[IterableObject]) -> Iterator[str]:
    yield from (f"## {object_.spec.name}", "")
    for paragraph in inspect.cleandoc(object_.__doc__ or "").split("\n\n"):
        yield from _paragraph(paragraph)
        yield ""
    yield from _route(object_.spec)
    example = json.dumps(object_.example, indent=2, ensure_ascii=False)
    yield from ("", "A record:", "", "```json", example, "```", "")


def _paragraph(text: str) -> Iterator[str]:
    """Lines about columns as a list; anything else as it is."""
    entries = [_COLUMNS.fullmatch(entry) for entry in _ENTRY.split(text)]
    if not all(entries):
        yield text
        return
    for entry in filter(None, entries):
        names = [name if " " in name else f"`{name}`" for name in entry["names"].split(", ")]
        yield f"- {', '.join(names)}: {' '.join(entry['text'].split())}"


def _route(spec: ObjectSpec) -> Iterator[str]:
    first, *others = spec.modes
    modes = ", ".join([f"`{first}` (the default)" if others else f"`{first}`", *(f"`{mode}`" for mode in others)])
    yield f"- Modes: {modes}"
    if spec.streams:
        yield f"- By itself for streams called {', '.join(f'`{stream}`' for stream in spec.streams)}"
    if spec.needs:
        yield f"- Only with `{spec.needs}: true`"
    common = [f"`{key}`" for key in spec.keys if key not in spec.options]
    yield f"- Keys of a route: {', '.join(common)}"
    for name, option in spec.options.items():
        modes = f" (mode {', '.join(f'`{mode}`' for mode in option.modes)})" if option.modes else ""
        yield f"- Option `{name}`{modes}: {option.must_be}"
    if spec.either:
        yield f"- Only one of {', '.join(f'`{name}`' for name in sorted(spec.either))}"
