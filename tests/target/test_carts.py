"""Shopping carts, from records to profiles."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from target_iterable.config.setting_error import SettingError
from tests.target.conftest import NewProject, Project
from tests.target.loading import stream

ANN, BOB = "ann@example.com", "bob@example.com"
MUG = {"id": "m-1", "name": "Mug", "price": 4.5, "quantity": 2}
LAMP = {"id": "l-1", "name": "Lamp", "price": 30, "quantity": 1}


def cart(*items: Any, **more: Any) -> dict[str, Any]:
    return {"email": ANN, "items": list(items)} | more


def test_a_cart_is_replaced_whole(project: Project) -> None:
    project.load(stream("carts", [cart(MUG, LAMP), cart(MUG, email=BOB), cart(LAMP)]))
    assert project.holds.user(email=ANN)["shoppingCartItems"] == [LAMP]
    assert project.holds.user(email=BOB)["shoppingCartItems"] == [MUG]


def test_no_items_empty_the_cart(project: Project) -> None:
    project.load(stream("carts", [cart(MUG), cart()]))
    assert project.holds.user(email=ANN)["shoppingCartItems"] == []


def test_the_last_of_many_carts_of_a_user_stays(project: Project) -> None:
    records = [cart(MUG | {"quantity": n}, email=email) for n in range(1, 21) for email in (ANN, BOB)]
    assert project.load(stream("carts", records))["carts"]["written"] == 40
    for email in (ANN, BOB):
        assert project.holds.user(email=email)["shoppingCartItems"] == [MUG | {"quantity": 20}]


def test_a_row_for_each_item_is_refused_before_it_destroys_the_cart(project: Project) -> None:
    project.load(stream("carts", [cart(MUG, LAMP)]))
    carts = project.load(stream("carts", [{"email": ANN, **LAMP}]))["carts"]
    assert carts["reasons"] == {"missingItems": 1}
    (refusal,) = project.load.refusals
    assert "one record must hold all items" in refusal["reason"]
    assert project.holds.user(email=ANN)["shoppingCartItems"] == [MUG, LAMP]


def test_profile_fields_travel_with_the_cart(project: Project) -> None:
    project.load(stream("carts", [cart(MUG, user={"city": "Bern"})]))
    assert project.holds.user(email=ANN)["city"] == "Bern"


@pytest.mark.parametrize("create", ["true", "false"])
def test_the_setting_decides_whether_profiles_get_new_fields_by_carts(project: Project, create: str) -> None:
    project.load(stream("carts", [cart(MUG, user={"city": "Bern"})]), create_new_fields=create)
    assert ("city" in project.holds.user(email=ANN)) is (create == "true")


def test_columns_without_a_place_are_told_once(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        project.load(stream("carts", [cart(MUG, updated_at="2026-01-01", shop="Bern") for _ in range(3)]))
    told = [record.getMessage() for record in caplog.records if "have no place" in record.getMessage()]
    assert told == ["carts in mode replace have no place for the columns 'shop', 'updated_at': they are left out."]


def test_an_item_that_does_not_fit_the_types_of_the_project_costs_no_request(project: Project) -> None:
    project.load(stream("carts", [cart(MUG | {"weight": 300})]))
    project.sandbox.project.log.clear()
    carts = project.load(stream("carts", [cart(LAMP | {"weight": "heavy"})]), max_rejects="100%")["carts"]
    assert carts["reasons"] == {"RequestFieldsTypesMismatched": 1}
    assert project.load.refusals[0]["field"] == "shoppingCartItems.dataFields.weight"
    assert project.sandbox.requests("POST *") == []


def test_a_user_who_is_forgotten_is_rejected_alone(new_project: NewProject) -> None:
    project = new_project()
    project.holds.client.post_json("/api/users/forget", {"email": BOB})
    carts = project.load(stream("carts", [cart(MUG), cart(MUG, email=BOB)]))["carts"]
    assert (carts["written"], carts["reasons"]) == (1, {"ForgottenUserError": 1})


def test_carts_cannot_be_skipped_as_unchanged(project: Project) -> None:
    route = {"object": "carts", "skip_unchanged": True}
    with pytest.raises(SettingError, match="skip_unchanged"):
        project.load(stream("carts", [cart(MUG)]), streams={"carts": route})
