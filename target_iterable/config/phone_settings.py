"""The setting for phone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from target_iterable.config.setting_error import SettingError
from target_iterable.records.phone_numbers import PhoneSpelling

PHONE_SETTINGS: Final[dict[str, Any]] = {
    "phone_region": {
        "type": ["string", "null"],
        "title": "Phone region",
        "description": "Spell the numbers in the profile field `phoneNumber` as E.164 has them (`+41446681800`), to "
        "which Iterable sends messages. The value is the region of numbers without a country code, as two capitals: "
        "`US`, `CH`. What is no phone number is sent as it is, with a warning. It wants the extra `phone` of the "
        "package. By default no number is changed.",
    },
}


def phone_spelling(config: Mapping[str, Any]) -> PhoneSpelling | None:
    """The spelling of phone numbers that `phone_region` asks for; None if it is not set.

    Raises:
        SettingError: if there is no such region, or the library is not installed.
    """
    if not (region := config.get("phone_region")):
        return None
    try:
        return PhoneSpelling(region)
    except ImportError:
        raise SettingError("`phone_region` needs a library: pip install 'singer-iterable[phone]'.") from None
    except ValueError:
        raise SettingError(f"`phone_region` is {region!r}; it must be a region of two capitals, such as US.") from None
