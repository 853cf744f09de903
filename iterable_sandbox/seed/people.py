"""Users of a seeded project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from iterable_api.facts import timestamps
from iterable_api.facts.identity import ProjectType
from iterable_sandbox.rules import profiles
from iterable_sandbox.seed.marketing import LISTS
from iterable_sandbox.seed.plan import Plan, happens
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.store import Store

_FIRST_NAMES: Final = [
    "Ana",
    "Ben",
    "Carla",
    "Deniz",
    "Elif",
    "Finn",
    "Gita",
    "Hugo",
    "Inês",
    "Jonas",
    "Kaya",
    "Liam",
    "Mina",
    "Noor",
    "Omar",
    "Petra",
    "Quinn",
    "Rosa",
    "Sven",
]
_LAST_NAMES: Final = (
    "Abel",
    "Brandt",
    "Costa",
    "Dahl",
    "Engel",
    "Fonseca",
    "Grant",
    "Haas",
    "Ito",
    "Jensen",
    "Lopez",
    "Moreau",
)
_DOMAINS: Final = ("example.com", "example.org", "example.net")
_NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")
_TIERS: Final = ("none", "bronze", "silver", "gold")
_INTERESTS: Final = ("Kitchen", "Garden", "Books", "Toys", "Outdoor", "Office")
_VIP_ORDERS: Final = 15
_APP_USERS_ONE_IN: Final = 8
_DAY: Final = 86_400


@dataclass(frozen=True)
class Place:
    """Home of a user."""

    city: str
    region: str
    country: str
    code: str
    time_zone: str
    locale: str
    latitude: float
    longitude: float


_PLACES: Final = (
    Place("San Jose", "CA", "United States", "US", "America/Los_Angeles", "en_US", 37.33, -121.89),
    Place("New York", "NY", "United States", "US", "America/New_York", "en_US", 40.71, -74.0),
    Place("Toronto", "ON", "Canada", "CA", "America/Toronto", "en_CA", 43.65, -79.38),
    Place("London", "ENG", "United Kingdom", "GB", "Europe/London", "en_GB", 51.5, -0.12),
    Place("Berlin", "BE", "Germany", "DE", "Europe/Berlin", "de_DE", 52.52, 13.4),
    Place("São Paulo", "SP", "Brazil", "BR", "America/Sao_Paulo", "pt_BR", -23.55, -46.63),
    Place("Kyoto", "26", "Japan", "JP", "Asia/Tokyo", "ja_JP", 35.01, 135.76),
)


@dataclass
class Person:
    """A user, with values for its events.

    Attributes:
        user: the user.
        signup: epoch seconds of the signup.
        place: home.
        ip: address of its requests.
        phone: phone number.
        token: token of its device.
        lists: ids of its lists.
    """

    user: User
    signup: int
    place: Place
    ip: str
    phone: str
    token: str
    lists: list[int]

    def update(self, at: int, **fields: Any) -> None:
        """Set fields of the profile, as a write at a time in epoch seconds. Its time of update never goes back."""
        self.user.profile.update(fields)
        self.user.updated_at = max(self.user.updated_at, at)
        self.user.profile["profileUpdatedAt"] = moment(self.user.updated_at)
        self.user.profile[f"{profiles.INTERNAL}documentUpdatedAt"] = moment(self.user.updated_at + 3)


def moment(at: int) -> str:
    """Format epoch seconds as exports do."""
    return timestamps.to_iterable(datetime.fromtimestamp(at, UTC))


def new_people(plan: Plan) -> list[Person]:
    """Create all users of a plan, in the order of their row ids."""
    rng = plan.random("people")
    return [_person(plan, rng, number) for number in range(1, plan.users + 1)]


def write(store: Store, persons: list[Person]) -> None:
    """Store users and their memberships."""
    store.users.add(person.user for person in persons)
    store.lists.join((list_id, person.user.id) for person in persons for list_id in person.lists)


def _person(plan: Plan, rng: Random, number: int) -> Person:
    first, last = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    person = Person(
        _user(plan.project_type, rng, f"{first[0]}.{last}.{number}@{rng.choice(_DOMAINS)}".lower(), number),
        _signup(plan, rng),
        rng.choice(_PLACES),
        f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}",
        f"+1555{rng.randrange(10_000_000):07d}",
        f"{rng.getrandbits(128):032x}",
        [row.id for row in LISTS if rng.random() < row.share],
    )
    person.user.profile = {"firstName": first, "lastName": last, **_address_fields(person), **_custom_fields(rng)}
    person.user.profile |= _system_fields(plan, rng, person)
    person.update(rng.randrange(max(person.signup, plan.start), plan.end))
    return person


def _user(project_type: ProjectType, rng: Random, email: str, number: int) -> User:
    """Create a user. All have the unique identifier of the project type; some lack the other one."""
    user_id = f"u-{number:07d}"
    if project_type is ProjectType.EMAIL:
        return User(email, None if happens(rng, 0.3) else user_id, 0, id=number)
    return User(None if happens(rng, 0.1) else email, user_id, 0, id=number)


def _signup(plan: Plan, rng: Random) -> int:
    """Time of a signup: for most users before the project starts, for the others in its first half."""
    if happens(rng, 0.7):
        return plan.start - rng.randrange(300 * _DAY)
    return rng.randrange(plan.start, (plan.start + plan.end) // 2)


def _address_fields(person: Person) -> dict[str, Any]:
    place = person.place
    return {
        "phoneNumber": person.phone,
        "locale": place.locale,
        "timeZone": place.time_zone,
        "country": place.code,
        "region": place.region,
        "city": place.city,
        "address": {"city": place.city, "country": {"code": place.code, "name": place.country}},
        "store_geo_location": {"lat": place.latitude, "lon": place.longitude},
    }


def _custom_fields(rng: Random) -> dict[str, Any]:
    """Custom fields of all types. Some users lack a date of birth."""
    orders = rng.randrange(20)
    habits = {
        "loyaltyTier": rng.choice(_TIERS),
        "orderCount": orders,
        "lifetimeValue": round(orders * rng.uniform(8, 90), 2),
        "isVip": orders > _VIP_ORDERS,
        "interests": rng.sample(_INTERESTS, rng.randrange(1, 4)),
    }
    if happens(rng, 0.6):
        born = f"{rng.randrange(1950, 2008)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        habits["dateOfBirth"] = born
    return habits


def _system_fields(plan: Plan, rng: Random, person: Person) -> dict[str, Any]:
    user = person.user
    created = moment(person.signup)
    unique = {} if plan.project_type is ProjectType.EMAIL else {"itblUserId": f"{rng.getrandbits(128):032x}"}
    domain = {} if user.email is None else {f"{profiles.INTERNAL}emailDomain": user.email.rpartition("@")[2]}
    user.profile |= unique
    return {
        **profiles.identifiers(user),
        "signupDate": created,
        "signupSource": rng.choice(("API", "Import", "WebForm")),
        profiles.list_field(plan.project_type): list(person.lists),
        "subscribedMessageTypeIds": [],
        "unsubscribedChannelIds": [],
        "unsubscribedMessageTypeIds": [],
        f"{profiles.INTERNAL}documentCreatedAt": created,
        **domain,
        **_seldom_fields(person),
    }


def _seldom_fields(person: Person) -> dict[str, Any]:
    """Fields that only some profiles have: of people with the app, and of what Iterable knows of phone numbers."""
    if (person.user.id or 0) % _APP_USERS_ONE_IN:
        return {}
    device = {"token": person.token, "platform": "APNS", "applicationName": "com.example.shop", "endpointEnabled": True}
    return {
        "devices": [device],
        "browserTokens": [person.token[::-1]],
        "receivedSMSDisclaimer": True,
        f"{profiles.INTERNAL}isUnknownUser": False,
        f"{profiles.INTERNAL}phoneCountry": person.place.code,
    }


def person_of(user: User, lists: list[int]) -> Person:
    """Return the person of a stored user. Values that the profile lacks follow from its row, so they never change."""
    rng = Random(user.id)  # noqa: S311 (it must be repeatable)
    ip, token = f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}", f"{rng.getrandbits(128):032x}"
    phone = user.profile.get("phoneNumber") or f"+1555{rng.randrange(10_000_000):07d}"
    return Person(user, 0, rng.choice(_PLACES), ip, phone, token, lists)
