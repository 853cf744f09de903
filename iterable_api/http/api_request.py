"""A request to the API: template of the endpoint, parameters and body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from iterable_api.errors import UnaddressableError
from iterable_api.facts.endpoints import facts_of
from iterable_api.redaction import texts_in

Params = Mapping[str, str | int | Sequence[str | int]]
PathParams = Mapping[str, str | int]


@dataclass(frozen=True)
class ApiRequest:
    """One request, for all its attempts. Only its method and template may be shown.

    Attributes:
        path: the template of the endpoint.
        path_params: the values for the template.
        params: the query.
        json: the body, to be made JSON; None for none.
        data: the body that is JSON already; None for none.
        repeatable_body: whether sending this body twice does no more harm than the endpoint itself does.
    """

    method: str
    path: str
    path_params: PathParams = field(repr=False)
    params: Params | None = field(repr=False)
    json: Any = field(repr=False)
    data: bytes | None = field(repr=False)
    repeatable_body: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def target(self) -> str:
        """The path with its parameters filled in.

        Raises:
            UnaddressableError: if one of them cannot be part of a URL.
        """
        return expand_path(self.path, self.path_params)

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again if its outcome is not known."""
        return self.repeatable_body and facts_of(self.method, self.path).repeatable

    @property
    def texts(self) -> Iterator[str]:
        """All texts in it, to be redacted in errors."""
        return texts_in(self.path_params, self.params, self.json, self.data)


def expand_path(path: str, values: PathParams) -> str:
    """Expand a path template; each value is quoted whole: `+` becomes `%2B` and `/` becomes `%2F`.

    Raises:
        UnaddressableError: if a value would change which endpoint is called.
    """
    return path.format_map({name: _quoted(path, name, str(value)) for name, value in values.items()})


def _quoted(path: str, name: str, value: str) -> str:
    # Dots are never quoted, and "." and ".." as a whole segment are resolved on the way, quoted or not.
    if value not in ("", ".", ".."):
        try:
            return quote(value, safe="@")
        except UnicodeEncodeError:
            pass
    raise UnaddressableError(f"{path}: the `{name}` is empty, `.`, `..` or not Unicode, and so fits in no URL")
