"""The published API of Iterable: operations, and the JSON Schemas of their parameters, bodies and answers.

They are read from the tables in `facts`, whose form `tools/contract_facts.py` explains. `api.txt` is the contract, and
`client_api.txt` has what Iterable's own client calls beside it. The fixture `contract` is one:

    operation = contract.operation("GET", "/api/lists/getUsers")
    assert operation is not None and operation.query_parameters["listId"].required
    assert list(contract.problems(operation.query_parameters["listId"].schema, "12")) != []  # a text is no number
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from jsonschema import Draft4Validator

from iterable_api.facts.limits import Limit

FACTS: Final = Path(__file__).parent / "facts"
_LIMIT: Final = re.compile(r"(\d+) in (\d+) s per (\w+)")
_MOST: Final = "most "


@dataclass(frozen=True)
class Problem:
    """Where a value differs from its schema (`params.users.0`, numbers of items as `*`), and how."""

    place: str
    message: str


@dataclass(frozen=True)
class Parameter:
    """A parameter of the path or the query."""

    name: str
    required: bool
    schema: Mapping[str, Any]

    @property
    def one(self) -> Mapping[str, Any]:
        """The schema of one value, where there may be several."""
        inner: Mapping[str, Any] = self.schema.get("items", self.schema)
        return inner


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    facts: Mapping[str, str]

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def path_parameters(self) -> dict[str, Parameter]:
        return self._parameters("path ")

    @cached_property
    def query_parameters(self) -> dict[str, Parameter]:
        return self._parameters("query ")

    @property
    def parameters(self) -> dict[str, Parameter]:
        return self.path_parameters | self.query_parameters

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of the body, if there is one."""
        return schema_of(self.facts["body"]) if "body" in self.facts else None

    @property
    def limits(self) -> tuple[Limit, ...]:
        return tuple(
            Limit(int(count), int(seconds), scope)
            for count, seconds, scope in _LIMIT.findall(self.facts.get("limit", ""))
        )

    def answer(self, status: int) -> Mapping[str, Any] | None:
        """The schema of the answer with a status, if one is published."""
        return schema_of(self.facts[str(status)]) if str(status) in self.facts else None

    def matches(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None

    def _parameters(self, prefix: str) -> dict[str, Parameter]:
        found = [(name.removeprefix(prefix), kind) for name, kind in self.facts.items() if name.startswith(prefix)]
        return {
            name.rstrip("*"): Parameter(name.rstrip("*"), name.endswith("*"), schema_of(kind)) for name, kind in found
        }


@dataclass
class Contract:
    """Operations by `METHOD /path`; and types, closed: an object with known fields may have no others."""

    host: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    _types: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, *tables: str) -> Contract:
        """What the given tables of `facts` say together; no operation and no type may be in two of them."""
        contract = cls()
        for head, facts in (section for table in tables for section in sections(table)):
            kind, _, name = head.partition(" ")
            if kind == "host":
                contract.host = name
            elif head.startswith(_MOST):
                size, _, number = head.removeprefix(_MOST).partition(": ")
                contract.sizes[size] = int(number)
            elif kind == "type":
                assert name not in contract._types
                contract._types[name] = _object(facts)
            else:
                assert head not in contract.operations
                contract.operations[head] = Operation(kind, name, facts)
        return contract

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a path without its query is for; those without path parameters come first."""
        found = [one for one in self.operations.values() if one.matches(method, path)]
        return min(found, key=lambda one: one.path.count("{"), default=None)

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema itself, where it only refers to one."""
        reference = schema.get("$ref")
        return self._types[reference.rpartition("/")[2]] if reference else schema

    def problems(self, schema: Mapping[str, Any], value: Any) -> Iterator[Problem]:
        """How a value differs from a schema."""
        validator = Draft4Validator({**schema, "definitions": self._types})
        for error in validator.iter_errors(value):
            place = ".".join("*" if isinstance(step, int) else step for step in error.absolute_path)
            yield Problem(place, error.message)


def sections(table: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each line of a table that is not indented, with what is indented under it: name -> value."""
    head, facts = "", dict[str, str]()
    for line in (FACTS / table).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            if head:
                yield head, facts
            head, facts = line, {}
        else:
            name, _, value = line.strip().partition(": ")
            facts[name] = f"{facts[name]}, {value}" if name in facts else value
    yield head, facts


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a type as the tables write it. An object about which nothing is said may be anything.

    Iterable's description has such objects wherever a value is optional or free: recordings have numbers, texts
    and nulls there.
    """
    if kind == "object":
        return {}
    if " or " in kind:
        return {"anyOf": [schema_of(one) for one in kind.split(" or ")]}
    if kind[0] in _AROUND:
        return _AROUND[kind[0]](kind[1:-1])
    if kind.startswith('"'):
        return {"type": "string", "enum": json.loads(f"[{kind}]".replace('" | "', '", "'))}
    return {"type": kind}


_AROUND: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "<": lambda name: {"$ref": f"#/definitions/{name}"},
    "[": lambda items: {"type": "array", "items": schema_of(items)},
    "{": lambda values: {"type": "object", "additionalProperties": schema_of(values)},
}
"""What a bracket says about the type within."""


def segments(template: str, path: str) -> dict[str, str]:
    """The path parameters of a path."""
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return {name.strip("{}"): unquote(value) for name, value in pairs if name.startswith("{")}


def _object(fields: Mapping[str, str]) -> dict[str, Any]:
    if not fields:
        return {}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name.rstrip("*"): schema_of(kind) for name, kind in fields.items()},
        "additionalProperties": False,
    }
    required = [name.rstrip("*") for name in fields if name.endswith("*")]
    return schema | ({"required": required} if required else {})
