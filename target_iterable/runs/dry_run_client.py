"""Client of a dry run: it reads, and plans requests that would write. Nothing else tells a dry run from a real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final, TypeAlias

import requests

from iterable_api.facts.endpoints import success_of
from iterable_api.facts.success_responses import COUNTS
from iterable_api.http.api_request import ApiRequest, PathParams
from iterable_api.http.client import Attempt, IterableClient
from target_iterable.core.json_encoding import dumps
from target_iterable.reporting.request_log import RequestLog
from target_iterable.runs.dry_run_answers import FIELDS, NewFields, bulk_answer
from target_iterable.runs.dry_run_plan import DryRunPlan

_READ: Final = "GET"
_LISTS: Final = "/api/lists"
_CATALOG: Final = "/api/catalogs/{catalogName}"
_ARCHIVE: Final = "/api/campaigns/archive"
_MAPPINGS: Final = "/api/catalogs/{catalogName}/fieldMappings"

_MakeAnswer: TypeAlias = Callable[[PathParams, bytes, Any], Any]
"""Function from path parameters, the encoded body and the body before encoding to the JSON of a response."""


class DryRunClient(IterableClient):
    """Client that answers writes as if they were done, and later reads about them, too.

    Lists that would be created have the ids -1, -2 and so on, as Iterable's are unknown. `on_attempt` sees planned
    writes as attempts without a status.
    """

    def __init__(self, plan: DryRunPlan, request_log: RequestLog, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._plan = plan
        self._request_log = request_log
        self._fields = NewFields()
        self._answers: Mapping[tuple[str, str], _MakeAnswer] = {
            ("POST", _LISTS): self._make_list,
            ("POST", _CATALOG): self._make_catalog,
            ("POST", _ARCHIVE): _archive,
        }

    def send(self, call: ApiRequest) -> requests.Response:
        """Send a GET request; plan any other one, and return the response that Iterable would send.

        Raises:
            DryRunPlanNotWrittenError: if the plan cannot be written.
            IterableError: if a GET request failed.
        """
        if call.method != _READ:
            return self._plan_request(call)
        if call.path == _MAPPINGS and call.path_params["catalogName"] in self._plan.catalogs:
            return _response({"definedMappings": {}})
        response = super().send(call)
        if call.path == FIELDS:
            self._fields.record_known(response.content)
        return response

    def _plan_request(self, call: ApiRequest) -> requests.Response:
        body = call.data if call.data is not None else dumps(call.json) if call.json is not None else b""
        self._plan.add(self._request_log.stream, call.method, call.target, body)
        self._request_log.record_attempt(Attempt(call.method, call.path, None, 0, call.data))
        if (answer := self._answers.get((call.method, call.path))) is not None:
            return _response(answer(call.path_params, body, call.json))
        success = success_of(call.method, call.path)
        return _response(bulk_answer(body, self._fields) if success is COUNTS else success.sample)

    def _make_list(self, _path_params: PathParams, _body: bytes, json: Any) -> dict[str, int]:
        self._plan.lists.append(json["name"])
        return {"listId": -len(self._plan.lists)}

    def _make_catalog(self, path_params: PathParams, _body: bytes, _json: Any) -> dict[str, str]:
        self._plan.catalogs.append(str(path_params["catalogName"]))
        return {"code": "Success"}


def _archive(_path_params: PathParams, body: bytes, _json: Any) -> dict[str, Any]:
    return {"success": json.loads(body)["campaignIds"], "failed": []}


def _response(body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.raw = BytesIO(dumps(body))
    return response
