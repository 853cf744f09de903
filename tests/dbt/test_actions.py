"""What the package knows of events is what the tap knows."""

from __future__ import annotations

import re
from typing import Final

from demo.models import PACKAGE
from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.event_fields import FIELDS

NAMES: Final = {data_type.name for data_type in EVENTS}
OF_A_MESSAGE: Final = re.compile(r"(Send|SendSkip|Open|(?<!Unsubscribe)Click|Bounce|Complaint|UnSubscribe)$")
"""Data types that say what became of a message. A click on a hosted page is none in the message."""


def _macro(name: str) -> str:
    return (PACKAGE / "macros" / f"{name}.sql").read_text()


def test_every_data_type_that_tells_of_a_message_has_an_action() -> None:
    actions = set(re.findall(r"'(\w+)': \('", _macro("event_actions")))
    assert actions <= NAMES
    assert {name for name in NAMES if OF_A_MESSAGE.search(name)} <= actions


def test_every_field_that_the_models_read_is_one_of_the_tap() -> None:
    fields = set(re.findall(r"'(\w+)': '", _macro("event_columns"))) - {"recordId", "dataFields"}
    assert len(fields) > 40
    assert fields <= FIELDS.keys()
