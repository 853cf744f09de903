"""The one place where a dry run differs from a real one: a client that reads, and only plans what would write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final, TypeAlias

import requests

from iterable_api.facts.endpoints import success_of
from iterable_api.facts.success_responses import COUNTS
from iterable_api.http.client import Attempt, IterableClient, Params, PathParams, expand_path
from target_iterable.core.json_encoding import dumps
from target_iterable.reporting.request_log import RequestLog
from target_iterable.runs.dry_run_answers import FIELDS, NewFields, bulk_answer
from target_iterable.runs.dry_run_plan import DryRunPlan

_READ: Final = "GET"
_LISTS: Final = "/api/lists"
_CATALOG: Final = "/api/catalogs/{catalogName}"
_MAPPINGS: Final = "/api/catalogs/{catalogName}/fieldMappings"

_Answering: TypeAlias = Callable[[PathParams, bytes, Any], Any]
"""From path parameters, the body, and the body before it was made JSON, to the answer."""


class DryRunClient(IterableClient):
    """Answers writes as if they were done, and to later reads about them, too.

    Lists that would be made have the ids -1, -2 ...: nobody knows those that Iterable will give them.
    `on_attempt` sees planned writes as tries without a status.
    """

    def __init__(self, plan: DryRunPlan, request_log: RequestLog, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._plan = plan
        self._request_log = request_log
        self._fields = NewFields()
        self._answers: Mapping[tuple[str, str], _Answering] = {
            ("POST", _LISTS): self._make_list,
            ("POST", _CATALOG): self._make_catalog,
        }

    def request(
        self,
        method: str,
        path: str,
        *,
        path_params: PathParams | None = None,
        params: Params | None = None,
        json: Any = None,
        data: bytes | None = None,
        repeatable: bool = True,
    ) -> requests.Response:
        """See `IterableClient`; whatever is not a GET is planned."""
        if method != _READ:
            return self._planned(method, path, path_params or {}, json, data)
        if path == _MAPPINGS and path_params is not None and path_params["catalogName"] in self._plan.catalogs:
            return _answer({"definedMappings": {}})
        response = super().request(method, path, path_params=path_params, params=params, repeatable=repeatable)
        if path == FIELDS:
            self._fields.know(response.content)
        return response

    def _planned(
        self, method: str, path: str, path_params: PathParams, json: Any, data: bytes | None
    ) -> requests.Response:
        body = data if data is not None else dumps(json) if json is not None else b""
        self._plan.add(self._request_log.stream, method, expand_path(path, path_params), body)
        self._request_log.record_attempt(Attempt(method, path, None, 0, data))
        if (answer := self._answers.get((method, path))) is not None:
            return _answer(answer(path_params, body, json))
        success = success_of(method, path)
        return _answer(bulk_answer(body, self._fields) if success is COUNTS else success.sample)

    def _make_list(self, _path_params: PathParams, _body: bytes, json: Any) -> dict[str, int]:
        self._plan.lists.append(json["name"])
        return {"listId": -len(self._plan.lists)}

    def _make_catalog(self, path_params: PathParams, _body: bytes, _json: Any) -> dict[str, str]:
        self._plan.catalogs.append(str(path_params["catalogName"]))
        return {"code": "Success"}


def _answer(body: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.raw = BytesIO(dumps(body))
    return response
