"""Campaigns, and those that recurring campaigns made."""

from __future__ import annotations

from typing import Final

from iterable_api.client import IterableClient, Params
from tap_iterable.streams.resources import MetadataStream, Rows, pages

CAMPAIGNS: Final = "/api/campaigns"
CHILDREN: Final = "/api/campaigns/recurring/{id}/childCampaigns"


def campaigns(client: IterableClient, filters: Params | None = None) -> Rows:
    """Every campaign that matches `filters`."""
    return pages(client, CAMPAIGNS, "campaigns", filters=filters)


class CampaignsStream(MetadataStream):
    """Read whole: `updatedAt` does not move when a campaign starts or ends."""

    name = "campaigns"
    endpoints = (CAMPAIGNS,)
    cost = "1 request per 1,000 campaigns"

    def rows(self) -> Rows:
        """Every campaign."""
        return campaigns(self.client)


class ChildCampaignsStream(MetadataStream):
    """The campaigns of every recurring campaign, one of these after the other."""

    name = "child_campaigns"
    endpoints = (CAMPAIGNS, CHILDREN)
    cost = "1 request per recurring campaign and 1,000 of its children"

    def rows(self) -> Rows:
        """Each child, with the recurring campaign that it is a child of."""
        for parent in sorted(self._parents()):
            for child in pages(self.client, CHILDREN, "campaigns", path_params={"id": parent}):
                yield {"recurringCampaignId": parent, **child}

    def _parents(self) -> set[int]:
        """Recurring campaigns by their state, and by their children: an archived one says Archived."""
        parents = set()
        for campaign in campaigns(self.client):
            if campaign["campaignState"] == "Recurring":
                parents.add(campaign["id"])
            if campaign.get("recurringCampaignId"):
                parents.add(campaign["recurringCampaignId"])
        return parents
