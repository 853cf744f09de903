"""Files of a completed job. They are on another company's server, which never gets the API key."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Final

import requests

from iterable_api.errors import IncompleteBodyError
from iterable_api.http.session import guard
from iterable_api.waiting.retry_policy import EXPORT_FILE
from tap_iterable.export.clock import Clock
from tap_iterable.export.content_check import Check, NoRowsError, beginning, no_rows_error
from tap_iterable.export.download import spool_response
from tap_iterable.export.job import ExportJobError, Job
from tap_iterable.export.job_api import File, JobApi

_INCOMPLETE: Final = (IncompleteBodyError, NoRowsError)


class JobFiles:
    """Downloads files one at a time, each spooled to its end before its first line is read.

    Args:
        api: lists the files.
        clock: the clock of waits.
        directory: the directory for spooled files.
        timeout: see `IterableClient`.
        on_answer: see `IterableClient`.
    """

    def __init__(
        self,
        api: JobApi,
        clock: Clock,
        directory: Path | None,
        timeout: tuple[float, float],
        on_answer: Callable[[int], None],
    ) -> None:
        self._timeout = timeout
        self._on_answer = on_answer
        self._api = api
        self._clock = clock
        self._directory = directory
        # A session without the key. The `auth` keeps requests from sending credentials of a .netrc.
        self._session = requests.Session()
        self._session.auth = lambda request: request
        guard(self._session)

    def each(self, job: Job, check: Check) -> Iterator[IO[bytes]]:
        """The files after the job's `last_file`, one by one. Asking for the next one means that the rows were emitted.

        Args:
            job: a completed job.
            check: a check of each file; a file that fails it is fetched again.

        Raises:
            ExportJobError: if a file cannot be downloaded whole.
        """
        page_files: deque[File] = deque()
        known = {job.last_file}
        while page_files or (page_files := self._next_page(job, known)):
            with ExitStack() as stack:
                yield self._fetch(job, page_files[0], check, stack)
            job.last_file = page_files.popleft().name
            job.save()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _next_page(self, job: Job, known: set[str | None]) -> deque[File]:
        """The new files of the next page. The size of pages is not documented: an empty page is the last."""
        files = deque(file for file in self._page(job) if file.name not in known)
        known.update(file.name for file in files)
        return files

    def _page(self, job: Job) -> tuple[File, ...]:
        if job.id is None:
            raise ValueError("A job without an id has no files")
        return self._api.page(job.id, job.last_file).files

    def _fetch(self, job: Job, file: File, check: Check, stack: ExitStack) -> IO[bytes]:
        """Download a file to its end; each attempt takes a fresh URL, as the last one may have expired."""
        name = f"{file.name} of export job {job.id} of {job.data_type}"
        urls = chain([file.url], self._fresh_urls(job, file))

        def fetch() -> IO[bytes]:
            spool = stack.enter_context(
                spool_response(
                    self._open(next(urls), name), name, self._on_answer, self._directory, stream=job.data_type
                )
            )
            check(spool, name)
            if not beginning(spool):
                # A job without rows has no files, so an empty file is not whole.
                raise no_rows_error(spool, name, "nothing", "row")
            return spool

        try:
            return EXPORT_FILE.retrying(*_INCOMPLETE, sleep=self._clock.sleep)(fetch)
        except _INCOMPLETE as error:
            tries = EXPORT_FILE.attempts
            raise ExportJobError(f"{error}. It was tried {tries} times; run again to go on with this file.") from None

    def _fresh_urls(self, job: Job, file: File) -> Iterator[str]:
        while True:
            yield next((fresh.url for fresh in self._page(job) if fresh.name == file.name), file.url)

    @contextmanager
    def _open(self, url: str, name: str) -> Iterator[requests.Response]:
        """Open the answer of the file server. The texts of its errors are left out: they hold the URL."""
        try:
            response = self._session.get(url, stream=True, timeout=self._timeout)
        except requests.RequestException as error:
            raise IncompleteBodyError(f"{name}: no answer ({type(error).__name__})") from None
        with response:
            if response.status_code != requests.codes.ok:
                raise IncompleteBodyError(f"{name}: the file server answered {response.status_code}")
            yield response
