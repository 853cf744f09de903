"""Normal form of values: keys are compared by it, and ids are derived from it.

Databases, drivers and taps spell a value in different ways: 1, 1.0 and "1", 2.5 and 2.50, members of an object in any
order. In the normal form a value is a text, numbers are written without needless zeros, and members are in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Any, Final

from iterable_api.facts import timestamps

_EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_MAX_DIGITS: Final = 400
"""Numbers of JSON that fit a float need no more. A Decimal can have so many that writing them would take all memory."""
_FRACTION: Final = re.compile(r":\d\d[.,](\d+)", re.ASCII)


def number_text(value: float | Decimal) -> str:
    """The digits of a number, equal for all spellings of it: `17` for 17, 17.0 and 1.7E1."""
    text = str(value)
    if "E" in text or "e" in text:
        return _from_exponent(Decimal(text))
    if "." not in text:
        return text if text != "-0" else "0"
    text = text.rstrip("0").rstrip(".")
    return text if text != "-0" else "0"


def _from_exponent(number: Decimal) -> str:
    if number.is_zero():
        return "0"
    number = number.normalize(_EXACT)
    return format(number, "f") if abs(number.adjusted()) < _MAX_DIGITS else str(number)


def normal(value: Any) -> Any:
    """`value` in the normal form, without members of objects that are null or objects of nulls only, at any depth.

    Texts are not changed: "1.0" and "1" are different, and might be versions of something.
    """
    read = NORMAL.get(value.__class__)
    return value if read is None else read(value)


def _object(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(value):
        member = value[name]
        if (read := NORMAL.get(member.__class__)) is not None:
            member = read(member)
        if member is not None and member != {}:
            found[name] = member
    return found


def _array(value: Sequence[Any]) -> list[Any]:
    return [item if (read := NORMAL.get(item.__class__)) is None else read(item) for item in value]


def _truth(value: object) -> str:
    return "true" if value else "false"


NORMAL: Final[Mapping[type, Callable[[Any], Any]]] = {
    dict: _object,
    list: _array,
    bool: _truth,
    int: str,
    float: number_text,
    Decimal: number_text,
}
"""Class -> function that makes the normal form; values of all other classes are their own."""


def moment(text: str) -> str:
    """A timestamp as Unix seconds with all digits of its fraction, of which a `datetime` may lose some; else `text`."""
    seconds = timestamps.text_to_epoch_seconds(text)
    if seconds is None:
        return text
    fraction = fraction_of_second(text)
    return f"{seconds}.{fraction}" if fraction else str(seconds)


def fraction_of_second(text: str) -> str:
    """The fractional digits of a timestamp's seconds, without trailing zeros."""
    found = _FRACTION.search(text)
    return found[1].rstrip("0") if found else ""
