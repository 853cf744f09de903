"""JSON of whole columns, made by Arrow: byte for byte what the encoder makes of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET
from pyarrow import types

from target_iterable.batch_files.arrow_columns import values_of


class Texts(NamedTuple):
    """The JSON of a column.

    Attributes:
        array: binary data; null where a record has no value.
        mark: what stands before and behind each, to make JSON of it.
    """

    array: pa.Array
    mark: bytes = b""


Member: TypeAlias = "Texts | bytes | Mapping[str, Member] | None"
"""The JSON of a member: of each record, or the same for all, or members of an object; None if all records lack it."""
_Piece: TypeAlias = "bytes | pa.Array"
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_ESCAPED: Final = (b'"', b"\\")
_FIRST_PRINTABLE: Final = 0x20
"""Bytes that do not stand for themselves in JSON are these, and those below."""
_QUOTE: Final = b'"'
_MOST_BYTES: Final = 2**31 - 1
"""No text has more. Without an end, Arrow computes one that overflows where the number of texts is even."""
_LEAST, _MOST = 1e-4, 1e15
"""Numbers between these are written without an exponent by Python and by Arrow."""
_MAX_SCALE: Final = 6
"""Digits behind the point with which a decimal is never written with an exponent."""


def texts_of(values: Iterable[Any]) -> Texts:
    """Return the JSON of values.

    Raises:
        UnicodeEncodeError: for half a surrogate pair.
        RecursionError: for what is nested too deeply.
    """
    return Texts(pa.array([None if value is UNSET else _encode(value) for value in values], pa.binary()))


def json_of(value: Any) -> bytes:
    """Return the JSON of a value."""
    return _encode(value)


def json_texts(array: pa.Array) -> Texts:
    """Return the JSON of the values of `values_of`."""
    for is_type, write in _WRITERS:
        if is_type(array.type) and (texts := write(array)) is not None:
            return texts
    return texts_of([UNSET if value is None else value for value in values_of(array)])


def quoted(texts: pa.Array) -> Texts:
    """Return the JSON of texts without a character that is escaped."""
    return Texts(texts.cast(pa.binary()), _QUOTE)


def marked(texts: Texts) -> pa.Array:
    """Return the JSON itself."""
    return _joined([texts.mark, texts.array, texts.mark]) if texts.mark else texts.array


def named(names: Texts, value: Member) -> pa.Array:
    """Return the JSON of members of objects, `"name":value`, none of which lacks its value."""
    return _joined([names.mark, names.array, names.mark + b":", *_value(value)])


def _value(member: Member) -> Iterable[_Piece]:
    match member:
        case Texts(array, mark):
            return (mark, array, mark)
        case Mapping():
            return _object(member)
    return (member or json_of(None),)


def longest(texts: pa.Array) -> int:
    """Return the bytes of the longest text; 0 if there is none."""
    return pc.max(pc.binary_length(texts)).as_py() or 0


def objects(members: Mapping[str, Member], count: int) -> pa.Array:
    """Return the JSON of objects with these members."""
    pieces = [*_object(members)]
    return _joined([*pieces, pa.array([b""] * count, pa.binary())] if all(map(_is_literal, pieces)) else pieces)


def _object(members: Mapping[str, Member]) -> Iterator[_Piece]:
    """Yield the pieces of objects."""
    given = {name: member for name, member in members.items() if member is not None}
    if given and not _is_sure(next(iter(given.values()))):
        rest = _joined([*_members(given, b",")])
        yield from (b"{", pc.binary_slice(rest, 1, _MOST_BYTES), b"}")
        return
    yield b"{"
    yield from _members(given, b"")
    yield b"}"


def _members(members: Mapping[str, Member], before: bytes) -> Iterator[_Piece]:
    for name, member in members.items():
        key = before + _encode(name) + b":"
        before = b","
        match member:
            case Texts(array, mark) if array.null_count:
                yield _joined([key + mark, array, mark]).fill_null(b"")
            case Texts(array, mark):
                yield from (key + mark, array, mark)
            case bytes():
                yield key + member
            case Mapping():
                yield key
                yield from _object(member)


def _is_sure(member: Member) -> bool:
    return not isinstance(member, Texts) or not member.array.null_count


def _is_literal(piece: _Piece) -> bool:
    return isinstance(piece, bytes)


def _joined(pieces: Sequence[_Piece]) -> pa.Array:
    """Return the pieces one behind the other; null where one of them is."""
    parts: list[Any] = []
    literal = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            literal += piece
            continue
        parts += [pa.scalar(literal, pa.binary()), piece] if literal else [piece]
        literal = b""
    parts.append(pa.scalar(literal, pa.binary()))
    return pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary()))


def _text(array: pa.Array) -> Texts | None:
    data = _in_one(array)
    is_escaped = any(map(data.to_pybytes().__contains__, _ESCAPED)) or _least(data) < _FIRST_PRINTABLE
    return None if is_escaped else quoted(array)


def _in_one(texts: pa.Array) -> pa.Buffer:
    """Return the data of texts, one behind the other."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return pa.py_buffer(b"")
    places = memoryview(offsets).cast("i")
    start, end = places[texts.offset], places[texts.offset + len(texts)]
    return data.slice(start, end - start)


def _least(data: pa.Buffer) -> int:
    """Return the least byte."""
    least = pc.min(pa.Array.from_buffers(pa.uint8(), data.size, [None, data])).as_py()
    return _FIRST_PRINTABLE if least is None else int(least)


def _plain(array: pa.Array) -> Texts:
    return Texts(array.cast(pa.string()).cast(pa.binary()))


def _decimals(array: pa.Array) -> Texts | None:
    return _plain(array) if 0 <= array.type.scale <= _MAX_SCALE else None


def _floats(array: pa.Array) -> Texts | None:
    """Return what `repr` makes of the numbers; None if one may have an exponent."""
    sizes = pc.min_max(pc.abs(pc.if_else(pc.equal(array, 0), 1.0, array)))
    least, most = sizes["min"].as_py(), sizes["max"].as_py()
    if least is None or least < _LEAST or most >= _MOST:
        return None
    texts = _plain(array)
    is_whole = pc.equal(array, pc.trunc(array))
    if not pc.any(is_whole).as_py():
        return texts
    return Texts(_joined([texts.array, pc.if_else(is_whole, pa.scalar(b".0", pa.binary()), b"")]))


_WRITERS: Final[Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Texts | None]]]] = (
    (types.is_string, _text),
    (types.is_integer, _plain),
    (types.is_boolean, _plain),
    (types.is_float64, _floats),
    (types.is_decimal, _decimals),
)
"""Whether a type is of a kind, and what makes JSON of its arrays, if nothing stands against it."""
