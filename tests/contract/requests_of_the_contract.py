"""Requests for all operations of the contract, made from their schemas and the contents of a prepared project.

operation = contract.operations["POST /api/lists"]
path, query = uri(operation, KNOWN)
request_body = body(contract, operation.body or {}, KNOWN | {"name": "Readers"})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from iterable_api.facts.key_types import KeyType
from tests.contract.published_api import Contract, Operation

EMAIL: Final = "ana@example.com"
DATE: Final = "2026-10-01 00:00:00"

MOBILE: Final = "0b11e0b11e0b11e0b11e0b11e0b11e0b"
EVERYTHING_ON: Final[Mapping[str, Any]] = {
    "subscription_endpoints": True,
    "opt_in_message_types": True,
    "keys": {MOBILE: KeyType.MOBILE},
}
"""The settings of a sandbox that has all that Iterable switches on when asked, and a key for apps."""

KNOWN: Final[Mapping[str, Any]] = {
    "email": EMAIL,
    "userEmail": EMAIL,
    "userId": "ana",
    "currentEmail": EMAIL,
    "newEmail": "new@example.com",
    "sourceEmail": EMAIL,
    "destinationEmail": "bo@example.com",
    "jobId": 1,
    "identifier": "signature",
    "table": "shops",
    "key": "main",
    "catalogName": "Products",
    "itemId": "P-001",
    "itemIds": ["P-001", "P-002"],
    "documents": {"P-900": {"colour": "teal"}},
    "mappingsUpdates": [{"fieldName": "price", "fieldType": "double"}],
    "subscriptionGroup": "messageChannel",
    "subscriptionGroupId": 39_581,
    "action": "unsubscribe",
    "dataTypeName": "emailSend",
    "outputFormat": "application/x-json-stream",
    "range": "All",
    "startDateTime": DATE,
    "endDateTime": "2026-10-20 00:00:00",
    "includeCustomEvents": "true",
    "id": "order-1",
    "messageTypeIds": [47_257],
    "campaignId": 2_220_217,
    "recipientEmail": EMAIL,
    "workflowId": 88_001,
    "templateId": 3_043_601,
    "experimentId": 60_101,
    "experimentType": "SubjectLine",
    "dataFields": {"colour": "teal"},
    "value": {"colour": "teal"},
    "update": {"colour": "teal"},
    "createdAt": 1_790_000_000,
    "price": 9.5,
    "total": 9.5,
    "quantity": 1,
    "authType": "NoAuth",
    "endpoint": "https://example.com/hook",
    "phoneNumber": "+15550100123",
    "clientTemplateId": "welcome",
    "pageSize": 2,
}
"""What the prepared project holds, or would take, by the names of parameters and fields."""

_BY_TYPE: Final[Mapping[str, Any]] = {"string": "text", "integer": 1, "number": 1.5, "boolean": False, "object": {}}


def uri(operation: Operation, known: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path with its parameters filled in, and the query of all parameters that are needed or known."""
    path, query = operation.path, {}
    for name in operation.path_parameters:
        path = path.replace(f"{{{name}}}", quote(str(known[name]), safe=""))
    for name, one in operation.query_parameters.items():
        if one.required or name in known:
            query[name] = known.get(name, _BY_TYPE.get(one.schema.get("type", ""), 1))
    return path, query


def body(contract: Contract, schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """A value of a schema: what is required, and what is known."""
    schema = contract.resolved(schema)
    if not schema:
        return {}
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [body(contract, schema["items"], known)]
    if "properties" not in schema:
        return _BY_TYPE[schema["type"]]
    wanted = {*schema.get("required", ()), *(known.keys() & schema["properties"].keys())}
    return {
        name: known[name] if name in known else body(contract, inner, known)
        for name, inner in schema["properties"].items()
        if name in wanted
    }
