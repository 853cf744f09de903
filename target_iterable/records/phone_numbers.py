"""Spelling of phone numbers as E.164 has them, which Iterable sends messages to: `+41446681800`."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, Final

PHONE_NUMBER: Final = "phoneNumber"
"""The profile field that Iterable sends messages to."""
_MAX_REMEMBERED: Final = 10_000

_logger: Final = logging.getLogger("target-iterable")


class PhoneSpelling:
    """Spells phone numbers as E.164 has them. Values that are no phone number stay as they are.

    Args:
        region: where numbers without a country code are from, such as `CH`.

    Raises:
        ImportError: if the library `phonenumbers` is not installed.
        ValueError: if there is no such region.
    """

    def __init__(self, region: str) -> None:
        # Imported here, since it takes a sixth of a second and 7 MB, and most runs do not ask for it.
        import phonenumbers  # noqa: PLC0415

        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(region)
        self._library = phonenumbers
        self._region = region
        self._has_warned = False
        self._spelt = lru_cache(_MAX_REMEMBERED)(self._spell)

    def __call__(self, value: Any) -> Any:
        """Return the number in `value`, if it is a text of one; any other value as it is."""
        if not isinstance(value, str) or not value.strip():
            return value
        spelt = self._spelt(value)
        if spelt is None:
            self._warn()
            return value
        return spelt

    def _spell(self, text: str) -> str | None:
        """The number in E.164; None if it is none."""
        library = self._library
        try:
            number = library.parse(text, self._region)
        except library.NumberParseException:
            return None
        if not library.is_valid_number(number):
            return None
        return str(library.format_number(number, library.PhoneNumberFormat.E164))

    def _warn(self) -> None:
        """Log once that a value stays as it is."""
        if not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "A value of %r is no phone number, also if it were one of the region %s. It is sent as it is, and so "
                "are others like it.",
                PHONE_NUMBER,
                self._region,
            )
