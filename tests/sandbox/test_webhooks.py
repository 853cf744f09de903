"""System webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Http


def webhook(http: Http) -> dict[str, Any]:
    first: dict[str, Any] = http.get("/api/webhooks").json()["webhooks"][0]
    return first


def test_an_update_changes_only_what_it_names(seeded: Http) -> None:
    before = webhook(seeded)
    changed = {"endpoint": "https://example.com/new", "triggeredSendEnabled": False}
    answer = seeded.ok("/api/webhooks", {"id": before["id"], **changed})
    assert answer == webhook(seeded) == before | changed


def test_secrets_of_a_webhook_are_never_shown(seeded: Http) -> None:
    secret = {"authType": "OAuth2", "authToken": "s3cr3t", "headers": [{"key": "X-Token", "value": "s3cr3t"}]}
    seeded.ok("/api/webhooks", {"id": webhook(seeded)["id"], **secret})
    shown = seeded.get("/api/webhooks")
    assert webhook(seeded)["authType"] == "OAuth2"
    assert "s3cr3t" not in shown.text


def test_an_unknown_webhook_is_refused_in_plain_text(http: Http) -> None:
    response = http.post("/api/webhooks", {"id": 0})
    assert (response.status_code, response.text) == (400, "No webhook with id 0")
    assert response.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("wrong", [{"authType": "Digest"}, {"enabled": "yes"}, {"id": "7001"}, {"headers": [{}]}])
def test_a_webhook_that_cannot_be_is_refused(seeded: Http, wrong: dict[str, Any]) -> None:
    before = webhook(seeded)
    response = seeded.post("/api/webhooks", {"id": before["id"]} | wrong)
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json")
    assert webhook(seeded) == before
