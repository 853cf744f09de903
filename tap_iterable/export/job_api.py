"""The endpoints of export jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from iterable_api.errors import UnreadableAnswerError
from iterable_api.facts import timestamps
from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import object_with, rows_in
from tap_iterable.export.windows import Window

START: Final = "/api/export/start"
FILES: Final = "/api/export/{jobId}/files"
JOB: Final = "/api/export/{jobId}"
COMPLETED: Final = "completed"


@dataclass(frozen=True)
class File:
    """A file of a job. Its URL gives access without a key, and is never shown."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """The state of a job, always in lower case, and some of its files."""

    state: str
    truncated: bool
    files: tuple[File, ...]


class JobApi:
    """Starts, watches and cancels jobs."""

    def __init__(self, client: IterableClient) -> None:
        self._client = client

    def start(self, data_type: str, window: Window) -> int:
        """Start a job that writes JSON lines, and return its id."""
        body = {
            "dataTypeName": data_type,
            "outputFormat": "application/x-json-stream",
            "startDateTime": timestamps.to_export_bound(window.start),
            "endDateTime": timestamps.to_export_bound(window.end),
        }
        answer = object_with(self._client.post_json(START, body), "jobId", START)
        if type(answer["jobId"]) is not int:
            raise UnreadableAnswerError(f"{START} answered with a `jobId` that is no whole number")
        return int(answer["jobId"])

    def page(self, job_id: int, after: str | None = None) -> Page:
        """The state of a job, and its files after the one named `after`, as many as Iterable puts on a page.

        A job that is not completed need not name any files.

        Raises:
            UnreadableAnswerError: if the answer has another form.
        """
        params: Params | None = {"startAfter": after} if after else None
        answer = self._client.get_json(FILES, path_params={"jobId": job_id}, params=params)
        state = object_with(answer, "jobState", FILES)["jobState"]
        if not isinstance(state, str):
            raise UnreadableAnswerError(f"{FILES} answered with a `jobState` that is no text")
        if state.lower() != COMPLETED and answer.get("files") is None:
            return Page(state.lower(), truncated=False, files=())
        for member in ("file", "url"):
            files = rows_in(answer, "files", FILES, member)
        named = tuple(File(str(entry["file"]), str(entry["url"])) for entry in files)
        return Page(state.lower(), bool(answer.get("exportTruncated")), named)

    def cancel(self, job_id: int) -> None:
        """Cancel a job."""
        self._client.request("DELETE", JOB, path_params={"jobId": job_id})
