"""Carts and purchases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.writes import events, users

CART: Final = "shoppingCartItems"


def fill_cart(project: Project, user: User, items: list[Any]) -> None:
    """Replace the whole cart of a user."""
    user.profile[CART] = items
    users.save(project, user)


def purchase(project: Project, user: User, row: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """Store a purchase, or update the one with the same id, empty the cart, and return the id."""
    fill_cart(project, user, [])
    return events.put(project, "purchase", user, row, fields)
