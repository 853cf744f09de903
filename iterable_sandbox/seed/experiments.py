"""Experiments of a seeded project: finished, running and drafted ones, of several channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from iterable_sandbox.rules.experiments import new_experiment, variant_ids
from iterable_sandbox.seed.marketing import AUTHOR, CAMPAIGNS, Campaign
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.store.store import Store

_FIRST: Final = 60_101
_DAY_MS: Final = 86_400_000
_OF_BLASTS: Final = (
    ("Subject line", "SubjectLine"),
    ("Sender name", "FromNameAndSender"),
    ("Preheader", "PreheaderText"),
)
"""(Name, type) of experiments with e-mail blasts."""


def write(store: Store, plan: Plan) -> None:
    """Store them."""
    store.resources.add("experiment", ((row["id"], row) for row in _experiments(plan)))


def _experiments(plan: Plan) -> Iterator[dict[str, Any]]:
    """Experiments whose variants are the templates of a campaign and of the next ones."""
    blasts = [row for row in CAMPAIGNS if row.channel.medium == "Email" and row.state == "Finished"]
    for row, (name, type_) in enumerate(_OF_BLASTS):
        started_ms = blasts[row].starts(plan) * 1000
        experiment = _new(_FIRST + row, name, type_, blasts[row : row + 2 + row % 2], started_ms - _DAY_MS)
        winner = variant_ids(experiment)[1]
        dates = {"startDate": started_ms, "finishDate": started_ms + 3 * _DAY_MS}
        yield experiment | dates | {"status": "finished", "winner": winner}
    by_name = {campaign.name: campaign for campaign in CAMPAIGNS}
    started_ms = plan.start * 1000 + _DAY_MS
    welcome = _new(
        _FIRST + 3, "Welcome by body", "EmailBody", [by_name["Welcome"], by_name["Cart reminder"]], started_ms
    )
    sizing = {"holdoutPercentage": 10, "attributionPeriodHours": 72, "sendsPerVariant": 50}
    running = {"status": "running", "startDate": started_ms, "allocationMode": "multi_armed_bandit", "sizing": sizing}
    yield welcome | running
    push = [by_name["App tips"], by_name["Weekend push"]]
    started_ms = push[0].starts(plan) * 1000
    tips = _new(_FIRST + 4, "Time of day", "SendTime", push, started_ms - _DAY_MS)
    yield tips | {"status": "finished", "startDate": started_ms, "finishDate": started_ms + _DAY_MS}
    yield _new(_FIRST + 5, "Winter subjects", "SubjectLine", [by_name["Winter letter"]], started_ms)


def _new(number: int, name: str, type_: str, campaigns: list[Campaign], created_ms: int) -> dict[str, Any]:
    first = campaigns[0]
    shown = {"id": first.id, "templateId": first.template_id, "messageMedium": first.channel.medium}
    row = new_experiment(number, name, shown, type_, created_ms)
    names = ["Control", *(f"Variant {letter}" for letter in "BCD"[: len(campaigns) - 1])]
    templates = [campaign.template_id for campaign in campaigns]
    return row | {"author": AUTHOR, "templateIds": templates, "variantNames": names}
