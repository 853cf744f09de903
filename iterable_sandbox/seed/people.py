"""The users of a seeded project."""

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

_FIRST: Final = [
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
_LAST: Final = (
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
_DAY: Final = 86_400


@dataclass(frozen=True)
class Place:
    """Where somebody lives."""

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
    """One user, with what events need to know. `signup` is epoch seconds; `lists` are ids."""

    user: User
    signup: int
    place: Place
    ip: str
    phone: str
    token: str
    lists: list[int]

    def update(self, at: int, **fields: Any) -> None:
        """Fields that changed at some time; the profile never gets older by it."""
        self.user.profile.update(fields)
        self.user.updated_at = max(self.user.updated_at, at)
        self.user.profile["profileUpdatedAt"] = moment(self.user.updated_at)
        self.user.profile[f"{profiles.INTERNAL}documentUpdatedAt"] = moment(self.user.updated_at + 3)


def moment(at: int) -> str:
    """Epoch seconds as Iterable writes them."""
    return timestamps.to_iterable(datetime.fromtimestamp(at, UTC))


def crowd(plan: Plan) -> list[Person]:
    """Everybody, in the order of their rows."""
    chance = plan.random("people")
    return [_person(plan, chance, number) for number in range(1, plan.users + 1)]


def write(store: Store, persons: list[Person]) -> None:
    """Store them, and who is on which list."""
    store.users.add(person.user for person in persons)
    store.lists.join((list_id, person.user.id) for person in persons for list_id in person.lists)


def _person(plan: Plan, chance: Random, number: int) -> Person:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    person = Person(
        _identified(plan.project_type, chance, f"{first[0]}.{last}.{number}@{chance.choice(_DOMAINS)}".lower(), number),
        _signup(plan, chance),
        chance.choice(_PLACES),
        f"{chance.choice(_NETWORKS)}.{chance.randrange(1, 255)}",
        f"+1555{chance.randrange(10_000_000):07d}",
        f"{chance.getrandbits(128):032x}",
        [row.id for row in LISTS if chance.random() < row.share],
    )
    person.user.profile = {"firstName": first, "lastName": last, **_home(person), **_habits(chance)}
    person.user.profile |= _system(plan, chance, person)
    person.update(chance.randrange(max(person.signup, plan.start), plan.end))
    return person


def _identified(project_type: ProjectType, chance: Random, email: str, number: int) -> User:
    """Everybody has the identifier that the project lives by; one in ten or in three lacks the other one."""
    user_id = f"u-{number:07d}"
    if project_type is ProjectType.EMAIL:
        return User(email, None if happens(chance, 0.3) else user_id, 0, id=number)
    return User(None if happens(chance, 0.1) else email, user_id, 0, id=number)


def _signup(plan: Plan, chance: Random) -> int:
    """Most people were there before; the others join in the first half."""
    if happens(chance, 0.7):
        return plan.start - chance.randrange(300 * _DAY)
    return chance.randrange(plan.start, (plan.start + plan.end) // 2)


def _home(person: Person) -> dict[str, Any]:
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


def _habits(chance: Random) -> dict[str, Any]:
    """Custom fields of every type; some people lack some of them."""
    orders = chance.randrange(20)
    habits = {
        "loyaltyTier": chance.choice(_TIERS),
        "orderCount": orders,
        "lifetimeValue": round(orders * chance.uniform(8, 90), 2),
        "isVip": orders > _VIP_ORDERS,
        "interests": chance.sample(_INTERESTS, chance.randrange(1, 4)),
    }
    if happens(chance, 0.6):
        born = f"{chance.randrange(1950, 2008)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        habits["dateOfBirth"] = born
    return habits


def _system(plan: Plan, chance: Random, person: Person) -> dict[str, Any]:
    user = person.user
    created = moment(person.signup)
    unique = {} if plan.project_type is ProjectType.EMAIL else {"itblUserId": f"{chance.getrandbits(128):032x}"}
    domain = {} if user.email is None else {f"{profiles.INTERNAL}emailDomain": user.email.rpartition("@")[2]}
    user.profile |= unique
    return {
        **profiles.identifiers(user),
        "signupDate": created,
        "signupSource": chance.choice(("API", "Import", "WebForm")),
        profiles.list_field(plan.project_type): list(person.lists),
        "subscribedMessageTypeIds": [],
        "unsubscribedChannelIds": [],
        "unsubscribedMessageTypeIds": [],
        f"{profiles.INTERNAL}documentCreatedAt": created,
        **domain,
    }


def person_of(user: User, lists: list[int]) -> Person:
    """Return the person of a stored user. Values that the profile lacks follow from its row, so they never change."""
    rng = Random(user.id)  # noqa: S311 (it must be repeatable)
    ip, token = f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}", f"{rng.getrandbits(128):032x}"
    phone = user.profile.get("phoneNumber") or f"+1555{rng.randrange(10_000_000):07d}"
    return Person(user, 0, rng.choice(_PLACES), ip, phone, token, lists)
