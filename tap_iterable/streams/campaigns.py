"""Campaigns, and child campaigns of recurring ones."""

from __future__ import annotations

from typing import Final

from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from tap_iterable.stream_types.resource_stream import MetadataStream, RowIterator, pages

CAMPAIGNS: Final = "/api/campaigns"
CHILDREN: Final = "/api/campaigns/recurring/{id}/childCampaigns"


def campaigns(client: IterableClient, filters: Params | None = None) -> RowIterator:
    """Every campaign that matches `filters`."""
    return pages(client, CAMPAIGNS, "campaigns", filters=filters)


class CampaignsStream(MetadataStream):
    """All campaigns. They are read whole: `updatedAt` does not change when a campaign starts or ends."""

    name = "campaigns"
    endpoints = (CAMPAIGNS,)
    cost = "1 request per 1,000 campaigns"

    def rows(self) -> RowIterator:
        """Every campaign."""
        return campaigns(self.client)


class ChildCampaignsStream(MetadataStream):
    """Children of recurring campaigns: those that each of them lists, and those in the list of all campaigns.

    An archived campaign does not show any more that it was a recurring one, and in old projects the list of all may be
    incomplete.
    """

    name = "child_campaigns"
    endpoints = (CAMPAIGNS, CHILDREN)
    cost = "1 request per 1,000 campaigns, and 1 per recurring campaign and 1,000 of its children"

    def rows(self) -> RowIterator:
        """Each child once, with the recurring campaign that it is a child of."""
        listed = list(campaigns(self.client))
        children = {campaign["id"]: campaign for campaign in listed if campaign.get("recurringCampaignId")}
        for parent in (campaign["id"] for campaign in listed if campaign.get("campaignState") == "Recurring"):
            for child in pages(self.client, CHILDREN, "campaigns", path_params={"id": parent}):
                children[child["id"]] = {"recurringCampaignId": parent, **child}
        yield from children.values()
