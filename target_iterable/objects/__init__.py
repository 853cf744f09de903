"""One small class per object of Iterable, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.objects.base import Destination, IterableObject
from target_iterable.objects.browsers import Browsers
from target_iterable.objects.carts import Carts
from target_iterable.objects.catalog_items import CatalogItems
from target_iterable.objects.catalogs import CatalogFieldMappings, Catalogs
from target_iterable.objects.devices import Devices
from target_iterable.objects.events import Events
from target_iterable.objects.list_members import ListMembers
from target_iterable.objects.messages import Messages
from target_iterable.objects.metadata import Metadata
from target_iterable.objects.privacy import UserDeletions, UserForgets, UserUnforgets
from target_iterable.objects.purchases import Purchases
from target_iterable.objects.references import Channels, Lists, MessageTypes, Nothing
from target_iterable.objects.segment import Segment
from target_iterable.objects.snippets import Snippets
from target_iterable.objects.subscriptions import Subscriptions
from target_iterable.objects.triggers import CampaignTriggers, JourneyTriggers
from target_iterable.objects.user_emails import UserEmails
from target_iterable.objects.user_merges import UserMerges
from target_iterable.objects.users import Users

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
        Subscriptions,
        Devices,
        Browsers,
        CatalogItems,
        Metadata,
        Snippets,
        CampaignTriggers,
        JourneyTriggers,
        Messages,
        Segment,
        Lists,
        Channels,
        MessageTypes,
        Catalogs,
        CatalogFieldMappings,
        Nothing,
    )
}
