"""Columns of the metrics of experiments: their titles, and how each is computed.

The titles are those of an answer of Iterable's of October 2017 (recorded by a Ruby client). A schema of 2026, of a tap
of another project, has the same names. A later answer may have more columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import erf, isnan, nan, sqrt
from typing import Any, Final

from iterable_sandbox.rules.campaign_metrics import EMAIL, columns_of
from iterable_sandbox.rules.experiments import Row, text_of, variant_ids
from iterable_sandbox.store.tables.message_counts import CountsByType

_ALL: Final = columns_of("Email")
_SENDS: Final = "Total Email Sends"
_DELIVERED: Final = "Total Emails Delivered"
_OPENS: Final = "Unique Email Opens"

_COUNTED: Final[Mapping[str, str]] = {
    "Total Email Sends": _SENDS,
    "Email Delivery Rate": "",
    "Total Emails Delivered": _DELIVERED,
    "Total Email Opens": "Total Email Opens",
    "Unique Email Opens Or Clicks": _OPENS,
    "Email Open Rate": "",
    "Total Emails Clicked": "Total Emails Clicked",
    "Unique Email Clicks": "Unique Email Clicks",
    "Clicks / Opens": "",
    "Email Click Rate": "",
    "Total Hosted Unsubscribe Clicks": "Total Hosted Unsubscribe Clicks",
    "Unique Hosted Unsubscribe Clicks": "Unique Hosted Unsubscribe Clicks",
    "Total Complaints": "Total Complaints",
    "Complaint Rate": "",
    "Total Emails Bounced": "Total Emails Bounced",
    "Unique Emails Bounced": "Unique Emails Bounced",
    "Email Bounce Rate": "",
    "Total Unsubscribes": "Total Unsubscribes",
    "Unique Unsubscribes": "Unique Unsubscribes",
    "Email Unsubscribe Rate": "",
    "Revenue": "Revenue",
    "Total Purchases": "Total Purchases",
    "Unique Purchases": "Unique Purchases",
    "Average Order Value": "Average Order Value",
    "Purchases / M": "Purchases / M (Email)",
    "Revenue / M": "Revenue / M (Email)",
}
"""Title -> metric of a campaign; empty where it is a rate."""
_RATES: Final[Mapping[str, tuple[str, str]]] = {
    "Email Delivery Rate": (_DELIVERED, _SENDS),
    "Email Open Rate": (_OPENS, _DELIVERED),
    "Clicks / Opens": ("Unique Email Clicks", _OPENS),
    "Email Click Rate": ("Unique Email Clicks", _DELIVERED),
    "Complaint Rate": ("Total Complaints", _DELIVERED),
    "Email Bounce Rate": ("Total Emails Bounced", _SENDS),
    "Email Unsubscribe Rate": ("Total Unsubscribes", _DELIVERED),
}
"""Title -> (dividend, divisor). Which numbers Iterable divides is an inference. Empty where the divisor is 0."""

_HEAD: Final = (
    "Campaign ID",
    "Experiment ID",
    "Template ID",
    "Name",
    "Type",
    "Created by",
    "Creation Date",
    "Last modified",
    "Subject",
    "Improvement",
    "Confidence",
)
TITLES: Final = (*_HEAD, *_COUNTED)
_ABSENT: Final = "N/A"
_PER_CENT: Final = 100


def head_of(row: Row, index: int, template: Mapping[str, Any]) -> list[Any]:
    """Cells of a variant up to `Subject`: `Name` is that of the template, which is an inference."""
    created = row.get("creationDate", 0)
    modified = max(created, row.get("startDate") or 0, row.get("finishDate") or 0)
    contents = template.get("contents", {}).get("", {})
    return [
        *(row["campaignId"], row["id"], row["templateIds"][index], template.get("name", "")),
        *(_type(row, index), row.get("author", ""), text_of(created), text_of(modified)),
        contents.get("subject", ""),
    ]


def _type(row: Row, index: int) -> str:
    """`Winner`, `Control` or `-`. What a control that has won is called is an inference."""
    if row.get("winner") == variant_ids(row)[index]:
        return "Winner"
    return "-" if index else "Control"


def comparison(control: CountsByType, variant: CountsByType) -> list[str]:
    """Improvement of the open rate and its confidence, both in per cent."""
    (opens, sends), (base_opens, base_sends) = _opened(variant), _opened(control)
    rate, base = opens / sends if sends else nan, base_opens / base_sends if base_sends else nan
    if isnan(rate) or not base > 0:
        return [_ABSENT, "NaN"]
    pooled = (opens + base_opens) / (sends + base_sends)
    error = sqrt(pooled * (1 - pooled) * (1 / sends + 1 / base_sends))
    confidence = str(round(erf(abs(rate - base) / error / sqrt(2)) * _PER_CENT, 2)) if error else "NaN"
    return [str(round((rate / base - 1) * _PER_CENT, 2)), confidence]


NO_COMPARISON: Final = (_ABSENT, _ABSENT)
"""Improvement and confidence of the control."""


def _opened(counts: CountsByType) -> tuple[float, float]:
    return EMAIL[_OPENS](counts), EMAIL["Unique Email Sends"](counts)


def measured(counts: CountsByType) -> list[Any]:
    """Cells of a variant from `Total Email Sends` on."""
    return [_ALL[metric](counts) if metric else _rate(counts, *_RATES[title]) for title, metric in _COUNTED.items()]


def _rate(counts: CountsByType, part: str, whole: str) -> float | None:
    divisor = _ALL[whole](counts)
    return round(_ALL[part](counts) / divisor, 4) if divisor else None
