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

The setting `streams` holds the routes. The `object` of a route says what the records of a stream are in Iterable:

    streams:
      public-customers: {object: users, fields: {id: userId}, drop: [internal_note, "*_at"]}
      "*_audience": {object: list_members, list: Loyal customers, skip_unchanged: true}

The key is the stream's name or a glob. A stream that no key matches goes to the object that has its name, without what
stands before the last dash. A record that does not fit its object is rejected with the reason, and the run goes on.

Meltano loses the nulls in `meltano.yml`: `fields: {internal_note: null}` has no effect there, and the field is created
in Iterable, where it cannot be removed. So leave columns out with `drop` or `keep_only`. `fields` and `defaults` must
not name columns that the route leaves out. The columns of a stream's key identify its records even if they are left
out; but `email` or `userId` is needed to find a user.

## Routes for a source

`target-iterable --propose-routes` writes the setting for a source: it reads what the tap writes, or the catalog of its
`--discover`, and looks at the project's fields, lists, catalogs and channels, with GET requests only.

    tap-postgres --config tap.json | target-iterable --config target.json --propose-routes
    meltano invoke tap-postgres > messages.singer
    meltano invoke target-iterable:propose-routes --input messages.singer

It prints YAML, to be pasted under `config` of the target in `meltano.yml`. Comments say what each stream is proposed
for and why, which column is what, which fields would be new, and which columns do not fit their fields: these are left
out. What cannot be used as it is, because a column is missing or a choice is yours, is a comment altogether, with what
is missing. Streams that have a route are passed over. With `--propose-routes=json` it prints only the settings, and the
log says the rest.

- Up to 1,000 records of each stream are looked at, to see what columns hold. Names and counts are printed, never a
  value. The whole input is read, so that all streams are seen: write the messages of a large source into a file and cut
  that off.
- Names tell a lot: the last word of a stream's name, and names of columns such as `customer_email`, `order_id` and
  `line_items`. Whatever is proposed, read it before you use it, and begin with a dry run.
- `project_type` is in what is printed if the project is of another type than the settings say. Only a key that may
  write can ask for the type.
- Iterable does not tell the fields of events and purchases, nor whether `unsubscribe` is switched on.

## Keys of every route
"""
_SAME: Final = """## Which records are the same

Keys are compared, and ids are derived, in a normal form:

- A key is the values of its columns, sorted by the names of the columns. The order in `key_properties` does not matter.
- 1, 1.0 and "1" are equal, and so are 2.5 and 2.50, `true` and "true". Texts are not converted: "1.0" and "01" do not
  equal "1".
- Values of a column that the schema calls `date-time` or `date` are equal if they are the same time, to the last digit
  of a second, in whatever format.
- Members of objects are sorted. Those that are null, or objects of nulls only, are left out, at any depth. An empty
  text is a value.

An event without an `id` gets one that is derived from the name of its stream and from what Iterable stores of the
event. So a new column that is null, or different `key_properties`, do not make a second event; a changed value does.
Of the key, only what Iterable does not store counts: columns that the route drops, and fractions of seconds. For
Segment calls without a messageId, the whole key counts. The id of a purchase is derived from the stream's key alone; if
that is missing or null, it is derived as for events.
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
        yield f"- Default for streams named {', '.join(f'`{stream}`' for stream in spec.streams)}"
    if spec.permission:
        yield f"- Requires `{spec.permission}: true`"
    common = [f"`{key}`" for key in spec.keys if key not in spec.options]
    yield f"- Keys of a route: {', '.join(common)}"
    for name, option in spec.options.items():
        modes = f" (mode {', '.join(f'`{mode}`' for mode in option.modes)})" if option.modes else ""
        yield f"- Option `{name}`{modes}: {option.must_be}"
    if spec.exclusive_options:
        yield f"- At most one of {', '.join(f'`{name}`' for name in sorted(spec.exclusive_options))}"
