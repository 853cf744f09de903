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

The `object` of a route says what the records of a stream become in Iterable. The setting `streams` holds the routes:

    streams:
      public-customers: {object: users, fields: {id: userId}, drop: [internal_note, "*_at"]}
      "*_audience": {object: list_members, list: Loyal customers, skip_unchanged: true}

Each key is the name of a stream, or a glob. An exact name wins over globs, and an earlier glob over later ones. If no
key fits a stream, its own name decides, without the part before a dash: `public-users` is written as `users`. A record
that does not fit its object is rejected with the reason, and the run goes on.

Leave columns out by `drop` or `keep_only`, not by nulls: Meltano loses the nulls in `meltano.yml`, so
`fields: {internal_note: null}` does nothing there, and Iterable creates the field for ever. The `fields` and `defaults`
of a route cannot name a column that it leaves out. The key columns of a stream identify its records, whether they are
sent or not; but a user cannot be found without `email` or `userId`.

## Keys of every route
"""
_SAME: Final = """## Which records are the same

Some actions happen once per key of the stream, and some ids are derived from a key or from content. For both, keys and
contents are compared in one normal form:

- A key is its values, sorted by the names of their columns. The order of `key_properties` makes no difference.
- 1, 1.0 and "1" are the same, and so are 2.5 and 2.50, and `true` and "true". Two texts are the same only if they are
  equal: "1.0" and "01" are not "1".
- A column that the schema calls `date-time` or `date` stands for its moment, in any spelling, to the last digit.
- Members of objects are sorted. Members that are null, or objects with nothing but nulls, are left out, at any depth.
  An empty text is a value.

The id of an event without an `id` is derived from the name of its stream and from what Iterable stores of the event. So
a new column that is null, or other `key_properties`, make no second event; a changed value does. Of the key, only the
parts that are not stored count: columns that the route drops, and fractions of seconds. For Segment calls without a
messageId the whole key counts. The id of a purchase without an `id` is derived from the stream's key alone; if that is
missing or null, it is derived as for events.
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
    yield from ("", "An example record:", "", "```json", example, "```", "")


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
        yield f"- Default for streams named {', '.join(f'`{stream}`' for stream in spec.streams)}"
    if spec.needs:
        yield f"- Only with `{spec.needs}: true`"
    common = [f"`{key}`" for key in spec.keys if key not in spec.options]
    yield f"- Keys of its routes: {', '.join(common)}"
    for name, option in spec.options.items():
        modes = f" (mode {', '.join(f'`{mode}`' for mode in option.modes)})" if option.modes else ""
        yield f"- Option `{name}`{modes}: {option.must_be}"
    if spec.either:
        yield f"- Only one of {', '.join(f'`{name}`' for name in sorted(spec.either))}"
