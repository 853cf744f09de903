"""Experiments: what is stored of one, and the forms in which Iterable answers with it.

The forms are those that Iterable's own client accepts: the nested one of September 2026 (`@iterable/api` 0.13.0), and
the flat one that its release before described. No answer of Iterable's was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from iterable_api.facts import timestamps
from iterable_sandbox.rules.settings import ORGANISATION_ID

Row = dict[str, Any]
Status = Literal["draft", "ready", "running", "winner_found", "finished"]

TYPES: Final = ("SubjectLine", "PreheaderText", "FromNameAndSender", "EmailBody", "WholeEmail")
"""Values of `experimentType` with which an experiment can be created."""
OPEN: Final[tuple[Status, ...]] = ("draft", "ready")
"""States of experiments that can still be changed, started and deleted."""
RUNNING: Final[tuple[Status, ...]] = ("running", "winner_found")
"""States of experiments that can be cancelled, and can be given a winner."""
HOLDOUT: Final = -1
"""Id of the users of an experiment who get nothing."""

CHANNEL_TYPES: Final[Mapping[str, str]] = {
    "Email": "email",
    "Push": "push",
    "SMS": "sms",
    "InApp": "in_app",
    "WebPush": "web_push",
}
"""Medium of a campaign -> `channelType` of its experiments."""
_LISTED: Final[Mapping[str, str]] = {"ready": "draft", "winner_found": "running"}
"""States that the list, which knows three of five, shows as another one. Which one is an inference."""
_NO_SIZES: Final = (
    "holdoutPercentage",
    "perVariantPercentage",
    "testGroupPercentage",
    "winnerGroupPercentage",
    "testDurationMinutes",
    "sendsPerVariant",
    "attributionPeriodHours",
)


def new_experiment(number: int, name: str, campaign: Mapping[str, Any], type_: str, created_ms: int) -> Row:
    """Make a draft whose control is the template of its campaign."""
    return {
        "id": number,
        "name": name,
        "campaignId": campaign["id"],
        "author": campaign.get("createdByUserId") or "owner@example.com",
        "status": "draft",
        "channelType": CHANNEL_TYPES.get(campaign.get("messageMedium", ""), "email"),
        "experimentType": type_,
        "allocationMode": "even_split",
        "creationDate": created_ms,
        "conversionMetrics": ["Opens"],
        "suppressionListIds": campaign.get("suppressionListIds", []),
        "templateIds": [campaign["templateId"]],
        "variantNames": ["Control"],
    }


def status(row: Row) -> str:
    """Return the state; rows without one are of an experiment that has ended."""
    return str(row.get("status", "finished"))


def listed_status(row: Row) -> str:
    """Return the state as the list shows it."""
    return _LISTED.get(status(row), status(row))


def has_metrics(row: Row) -> bool:
    """Whether the table of metrics has rows of it: it covers e-mail, and experiments that were started."""
    return bool(row.get("channelType", "email") == "email" and status(row) not in OPEN)


def variant_ids(row: Row) -> list[int]:
    """Return the ids of the variants, that of the control first."""
    return [row["id"] * 100 + number for number in range(1, len(row["templateIds"]) + 1)]


def variants(row: Row) -> list[Row]:
    """Return the variants as the details have them."""
    names = row.get("variantNames") or []
    share = _share(row)
    return [
        {
            "id": number,
            "name": names[index] if index < len(names) else f"Variant {index}",
            "value": {"templateId": template, "sendTime": None, "stoGroup": None},
            "currentPercentage": share,
            "isWinner": row.get("winner") == number,
            "isControl": index == 0,
        }
        for index, (number, template) in enumerate(zip(variant_ids(row), row["templateIds"], strict=True))
    ]


def list_item(row: Row) -> Row:
    """Return an experiment as the list has it."""
    started = row.get("startDate")
    dates = {} if started is None else {"startDate": text_of(started)}
    named = {"id": row["id"], "name": row.get("name") or "", "status": listed_status(row)}
    return named | dates | {"channelType": row.get("channelType", "email"), "author": row.get("author", "")}


def details(row: Row, project_id: int) -> Row:
    """Return an experiment in the nested form."""
    return {
        "id": row["id"],
        "status": status(row),
        **{name: row.get(name) for name in ("creationDate", "startDate", "finishDate")},
        "channelType": row.get("channelType", "email"),
        "experimentType": row.get("experimentType", "WholeEmail"),
        "allocationMode": row.get("allocationMode", "even_split"),
        "sizing": {**dict.fromkeys(_NO_SIZES), "perVariantPercentage": _share(row), **row.get("sizing", {})},
        "meta": {
            "name": row.get("name") or "",
            "conversionMetrics": row.get("conversionMetrics", []),
            "campaignId": row["campaignId"],
            "projectId": project_id,
            "orgId": ORGANISATION_ID,
            "customConversionId": row.get("customConversionId"),
        },
        "variants": variants(row),
        "constraints": {"targetSegment": None, "suppressionListIds": row.get("suppressionListIds", [])},
    }


def flat_details(row: Row) -> Row:
    """Return an experiment in the flat form."""
    constraints = {"startDate": row.get("startDate"), "endDate": row.get("finishDate")}
    dates = {"createdAt": row.get("creationDate"), "updatedAt": row.get("startDate") or row.get("creationDate")}
    return {
        **{name: value for name, value in list_item(row).items() if name != "startDate"},
        "campaignId": row["campaignId"],
        **{name: text_of(value) for name, value in dates.items() if value is not None},
        "variants": [
            {"id": one["id"], "name": one["name"], "percentage": one["currentPercentage"]} for one in variants(row)
        ],
        "constraints": {name: text_of(value) for name, value in constraints.items() if value is not None}
        | {"timezone": "UTC"},
    }


def with_settings(row: Row, settings: Mapping[str, Any]) -> Row:
    """Return an experiment with changed settings. A block that is null goes, and one that is absent stays."""
    changed = {**row, "sizing": dict(row.get("sizing", {}))}
    conversion = settings.get("conversionEventSettings")
    if conversion is not None:
        event = conversion.get("systemConversionEventType")
        changed["conversionMetrics"] = [event.capitalize()] if event else []
        changed["customConversionId"] = conversion.get("customConversionId")
    for block, sizes in _BLOCKS.items():
        if block in settings:
            changed["sizing"] |= {size: (settings[block] or {}).get(name) for size, name in sizes.items()}
    if settings.get("evenlySplitVariations"):
        changed["sizing"] |= dict.fromkeys(_EXPLORATION)
    tested = changed["sizing"].get("testGroupPercentage")
    changed["sizing"]["winnerGroupPercentage"] = None if tested is None else 100 - tested
    explores = any(changed["sizing"].get(size) is not None for size in _EXPLORATION)
    changed["allocationMode"] = "winner_takes_all" if explores else "even_split"
    return changed


_BLOCKS: Final[Mapping[str, Mapping[str, str]]] = {
    "holdoutSettings": {"holdoutPercentage": "holdOutGroupSize", "attributionPeriodHours": "attributionPeriodHours"},
    "explorationBlastSettings": {
        "testGroupPercentage": "testSizePercentage",
        "testDurationMinutes": "testDurationMinutes",
    },
    "explorationTriggerSettings": {"sendsPerVariant": "testSendsPerVariation"},
}
"""Block of settings -> its sizes, and their names in the request."""
_EXPLORATION: Final = ("testGroupPercentage", "testDurationMinutes", "sendsPerVariant")


def text_of(epoch_ms: int) -> str:
    """Return a time as the list and the trends show it."""
    return timestamps.from_epoch_ms(epoch_ms).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _share(row: Row) -> float:
    """Return the share of each variant in per cent: all have the same here."""
    tested = 100 - (row.get("sizing", {}).get("holdoutPercentage") or 0)
    return round(tested / max(1, len(row["templateIds"])), 2)
