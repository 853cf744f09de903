"""Carts and purchases. Both create or update their user, as users/update does."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.limits import MAX_EVENT_ID_BYTES
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.users.users import UPDATE
from iterable_sandbox.rules.field_types import PURCHASE, USER, FieldDraft, RequestedFields
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.wire.body_schema import DECIMAL, NUMBER, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.responses import bad_params, envelope
from iterable_sandbox.writes import commerce, events, users


def update_cart(call: Call) -> Response:
    """POST /api/commerce/updateCart: replaces the whole cart."""
    project, body = call.project, call.body
    if all(body["user"].get(name) is None for name in ("email", "userId")):
        # Recorded for a user who is `{}`; of other members it would tell more.
        raise bad_params("Either email or userId must be set: ApiUserUpdateRequest(None,None,None,None)")
    draft = project.field_draft()
    fields = _user_fields(draft, body["user"])
    # The cart is Iterable's own field, so a project that drops new fields stores it all the same.
    cart = draft.admit(RequestedFields(USER, {commerce.CART: body["items"]}, create=True))
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        user = users.upsert(project, body["user"], fields, source="API")
        commerce.fill_cart(project, user, cart[commerce.CART])
    return envelope()


def track_purchase(call: Call) -> Response:
    """POST /api/commerce/trackPurchase. The id in `params` is an assumption; no recording shows this answer."""
    project, body = call.project, call.body
    if len((body.get("id") or "").encode()) > MAX_EVENT_ID_BYTES:
        raise bad_params(f"The id is longer than {MAX_EVENT_ID_BYTES} bytes")
    # The answer has the id, so a delayed write must use the same one.
    body["id"] = body.get("id") or events.new_id()
    draft = project.field_draft()
    fields = _user_fields(draft, body["user"])
    bought = {**(body.get("dataFields") or {}), commerce.CART: body["items"], "total": body["total"]}
    admitted = draft.admit(RequestedFields(PURCHASE, bought, create=True))
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        user = users.upsert(project, body["user"], fields, source="API")
        purchase_id = commerce.purchase(project, user, body, admitted)
    return envelope(params={"id": purchase_id})


def _user_fields(draft: FieldDraft, row: dict[str, Any]) -> dict[str, Any]:
    return draft.admit(users.requested_fields(row, create=row.get("createNewFields")))


_ITEM: Final = object_of(
    required=("id", "name", "price", "quantity"),
    id=STRING,
    sku=STRING,
    name=STRING,
    description=STRING,
    categories=array_of(STRING),
    price=DECIMAL,
    quantity=NUMBER,
    imageUrl=STRING,
    url=STRING,
    dataFields=OBJECT,
)
_CART: Final = object_of(required=("user", "items"), user=UPDATE, items=array_of(_ITEM))
_PURCHASE: Final = object_of(
    required=("user", "items", "total"),
    user=UPDATE,
    items=array_of(_ITEM),
    total=DECIMAL,
    id=STRING,
    createdAt=NUMBER,
    campaignId=NUMBER,
    templateId=NUMBER,
    dataFields=OBJECT,
)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/commerce/updateCart", update_cart, _CART),
    Endpoint("POST", "/api/commerce/trackPurchase", track_purchase, _PURCHASE),
)
