"""The registry: name of an object -> its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.objects.base.base import Destination, IterableObject
from target_iterable.objects.content.campaign_states import CampaignStarts, CampaignStops
from target_iterable.objects.content.campaigns import Campaigns
from target_iterable.objects.content.catalog_items import CatalogItems
from target_iterable.objects.content.catalogs import CatalogFieldMappings, Catalogs
from target_iterable.objects.content.deletions import CatalogDeletions, ListDeletions
from target_iterable.objects.content.id_references import Channels, Lists, MessageTypes, NoObject
from target_iterable.objects.content.metadata import Metadata
from target_iterable.objects.content.snippets import Snippets
from target_iterable.objects.content.templates import Templates
from target_iterable.objects.events.carts import Carts
from target_iterable.objects.events.events import Events
from target_iterable.objects.events.messages import Messages
from target_iterable.objects.events.purchases import Purchases
from target_iterable.objects.events.triggers import CampaignTriggers, JourneyTriggers
from target_iterable.objects.segment_calls import Segment
from target_iterable.objects.users.browsers import Browsers
from target_iterable.objects.users.devices import Devices
from target_iterable.objects.users.list_members import ListMembers
from target_iterable.objects.users.list_memberships import ListMemberships
from target_iterable.objects.users.privacy import UserDeletions, UserForgets, UserUnforgets
from target_iterable.objects.users.subscriptions import Subscriptions
from target_iterable.objects.users.user_emails import UserEmails
from target_iterable.objects.users.user_merges import UserMerges
from target_iterable.objects.users.users import Users

__all__ = ["OBJECTS", "Destination", "IterableObject"]

OBJECTS: Final[Mapping[str, type[IterableObject]]] = {
    object_.spec.name: object_
    for object_ in (
        Users,
        UserEmails,
        UserMerges,
        UserDeletions,
        UserForgets,
        UserUnforgets,
        Events,
        Purchases,
        Carts,
        ListMembers,
        ListMemberships,
        Subscriptions,
        Devices,
        Browsers,
        CatalogItems,
        Metadata,
        Snippets,
        Templates,
        Campaigns,
        CampaignStarts,
        CampaignStops,
        CampaignTriggers,
        JourneyTriggers,
        Messages,
        Segment,
        Lists,
        ListDeletions,
        Channels,
        MessageTypes,
        Catalogs,
        CatalogDeletions,
        CatalogFieldMappings,
        NoObject,
    )
}
