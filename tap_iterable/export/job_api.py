"""The endpoints of export jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from iterable_api import times
from iterable_api.client import IterableClient, Params
from iterable_api.errors import UnreadableAnswerError
from tap_iterable.export.windows import Window

START: Final = "/api/export/start"
FILES: Final = "/api/export/{jobId}/files"
JOB: Final = "/api/export/{jobId}"


@dataclass(frozen=True)
class File:
    """A file of a job. Whoever has its URL can read it, so the URL is never shown."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """How a job is, and some of its files. The state is in lower case, whatever case it came in."""

    state: str
    truncated: bool
    files: tuple[File, ...]


class JobApi:
    """Starts, watches and cancels jobs."""

    def __init__(self, client: IterableClient) -> None:
        self._client = client

    def start(self, data_type: str, window: Window) -> int:
        """Start a job of JSON lines; its id."""
        body = {
            "dataTypeName": data_type,
            "outputFormat": "application/x-json-stream",
            "startDateTime": times.to_export_bound(window.start),
            "endDateTime": times.to_export_bound(window.end),
        }
        answer = self._client.post_json(START, body)
        if not isinstance(answer, dict) or not isinstance(answer.get("jobId"), int):
            raise UnreadableAnswerError(f"{START} answered without a `jobId`")
        return int(answer["jobId"])

    def page(self, job_id: int, after: str | None = None) -> Page:
        """The state of a job, and its files after the one named `after`, as many as Iterable puts on a page."""
        params: Params | None = {"startAfter": after} if after else None
        answer = self._client.get_json(FILES, path_params={"jobId": job_id}, params=params)
        try:
            files = tuple(File(str(entry["file"]), str(entry["url"])) for entry in answer.get("files") or ())
            return Page(str(answer["jobState"]).lower(), bool(answer.get("exportTruncated")), files)
        except (AttributeError, KeyError, TypeError):
            raise UnreadableAnswerError(f"{FILES} answered with something that is not a page of files") from None

    def cancel(self, job_id: int) -> None:
        """End a job."""
        self._client.request("DELETE", JOB, path_params={"jobId": job_id})
