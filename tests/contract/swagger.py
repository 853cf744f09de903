"""Reading the contract: which operation a request is for, and what JSON Schema its parameters and answers have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft4Validator


@dataclass(frozen=True)
class Problem:
    """Where a value differs from its schema (`params.users.0`, numbers of items as `*`), and how."""

    place: str
    message: str


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    description: Mapping[str, Any]

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @cached_property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Parameters of path and query, by name."""
        return {one["name"]: one for one in self.description.get("parameters", ()) if one["in"] in ("path", "query")}

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of the body, if there is one."""
        bodies = [one["schema"] for one in self.description.get("parameters", ()) if one["in"] == "body"]
        return bodies[0] if bodies else None

    def answer(self, status: int) -> Mapping[str, Any] | None:
        """The schema of the answer with a status, if the contract gives one."""
        schema: Mapping[str, Any] | None = self.description["responses"].get(str(status), {}).get("schema")
        return schema

    def matches(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern, path) is not None


class Contract:
    """Iterable's description of its API, closed: an object with known fields may have no others."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.operations = {
            f"{method.upper()} {path}": Operation(method.upper(), path, description)
            for path, methods in document["paths"].items()
            for method, description in methods.items()
        }
        self._definitions = {name: _closed(schema) for name, schema in document["definitions"].items()}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation that a path without its query is for; those without path parameters come first."""
        found = [one for one in self.operations.values() if one.matches(method, path)]
        return min(found, key=lambda one: one.path.count("{"), default=None)

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema itself, where it only refers to one."""
        reference = schema.get("$ref")
        return self._definitions[reference.rpartition("/")[2]] if reference else schema

    def problems(self, schema: Mapping[str, Any], value: Any) -> Iterator[Problem]:
        """How a value differs from a schema."""
        validator = Draft4Validator({**_closed(schema), "definitions": self._definitions})
        for error in validator.iter_errors(value):
            place = ".".join("*" if isinstance(step, int) else step for step in error.absolute_path)
            yield Problem(place, error.message)


def segments(template: str, path: str) -> dict[str, str]:
    """The path parameters of a path."""
    pairs = zip(template.split("/"), path.split("/"), strict=True)
    return {name.strip("{}"): unquote(value) for name, value in pairs if name.startswith("{")}


def _closed(schema: Any) -> Any:
    """A schema without unknown fields. An object about which nothing is said may be anything.

    The contract writes so wherever a value is optional or free: recordings have numbers, texts and nulls there.
    """
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "object" and not {"properties", "additionalProperties"} & schema.keys():
        return {}
    inner = {name: _closed(one) for name, one in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        inner["additionalProperties"] = False
    return inner
