"""Places of files in a storage, as URLs and paths name them, and the roots below which they must be.

A root is a prefix of whole segments of a path, in the same storage and the same bucket. Nothing in a name leads
elsewhere: `..`, chains of URLs, encoded separators and symbolic links do not get past a root.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import unquote

from iterable_api.storage.extras import ALIASES, EXTRAS

FILE: Final = "file"
_SCHEMES: Final[Mapping[str, str]] = {
    **{name: name for name in (FILE, *EXTRAS)},
    **ALIASES,
}
"""Scheme as it may be written -> scheme."""
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_CONTAINER: Final = re.compile(rf"{_BUCKET.pattern}(?:@{_BUCKET.pattern})?", re.ASCII)
_HERE: Final = ("", "localhost")
_LOWEST_PRINTABLE: Final = 32
_DELETE: Final = 127
_DOTS: Final = (".", "..")


@dataclass(frozen=True)
class Location:
    """A place in a storage.

    Attributes:
        scheme: `file`, or one of `EXTRAS`.
        bucket: bucket or container, as the URL has it; empty for `file`.
        segments: the names on the way, the last one included.
    """

    scheme: str
    bucket: str
    segments: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path as the file system of the scheme takes it."""
        if self.scheme == FILE:
            return str(PurePath(*self.segments))
        return "/".join((self.bucket.partition("@")[0], *self.segments))

    @property
    def parent(self) -> Location:
        """The folder, or the bucket."""
        return replace(self, segments=self.segments[:-1])

    def resolved(self) -> Location:
        """The place to which symbolic links lead."""
        if self.scheme != FILE:
            return self
        return replace(self, segments=PurePath(os.path.realpath(self.path)).parts)

    def is_below(self, root: Location) -> bool:
        """Whether the place is in `root`; both must be resolved."""
        depth = len(root.segments)
        same = (self.scheme, self.bucket) == (root.scheme, root.bucket)
        return same and len(self.segments) > depth and self.segments[:depth] == root.segments

    def __str__(self) -> str:
        return self.path if self.scheme == FILE else "/".join((f"{self.scheme}://{self.bucket}", *self.segments))


def location(text: str) -> Location:
    """Return the place that a URL or a path of this machine names.

    Raises:
        ValueError: if it names none, or leads there in an unusual way.
    """
    if any(ord(letter) < _LOWEST_PRINTABLE or ord(letter) == _DELETE for letter in text):
        raise ValueError("has a control character in it")
    if "::" in text:
        raise ValueError("has `::` in it, and chains of URLs are not followed")
    found = _SCHEME.match(text)
    if found is None:
        return _local(text)
    scheme, rest = _SCHEMES.get(found[1].lower()), text[found.end() :]
    if scheme is None:
        raise ValueError(f"is of the scheme {found[1]!r}; it can be {', '.join(_SCHEMES)}")
    if scheme == FILE:
        return _local(unquote(_path_of_this_machine(rest)))
    return _remote(scheme, rest)


def allowed(place: Location, roots: Sequence[Location]) -> Location | None:
    """Return the place to which `place` leads, if it is below one of the roots; else None."""
    found = place.resolved()
    return found if any(found.is_below(root.resolved()) for root in roots) else None


def _path_of_this_machine(rest: str) -> str:
    """Return the path in a `file` URL, which may have the name of this machine before it."""
    if not rest.startswith("//"):
        return rest
    host, slash, path = rest.removeprefix("//").partition("/")
    if host.lower() not in _HERE:
        raise ValueError("names another machine: a `file` URL has three slashes before the path")
    return slash + path


def _local(path: str) -> Location:
    if not path or "\0" in path:
        raise ValueError("names no file")
    return Location(FILE, "", PurePath(Path.cwd(), path).parts)


def _remote(scheme: str, rest: str) -> Location:
    if not rest.startswith("//"):
        raise ValueError(f"names no bucket: write {scheme}://BUCKET/PATH")
    bucket, *segments = rest.removeprefix("//").split("/")
    if (_CONTAINER if scheme == "abfs" else _BUCKET).fullmatch(bucket) is None:
        raise ValueError("has no name of a bucket behind the scheme; keys and ports do not belong into it")
    if any(mark in rest for mark in "?#\\"):
        raise ValueError("has `?`, `#` or a backslash in it")
    for segment in segments:
        plain = unquote(segment)
        if plain in _DOTS or "/" in plain or "\\" in plain:
            raise ValueError("has `.` or `..` in its path, or a separator that is encoded")
    return Location(scheme, bucket, tuple(segments))
