"""Files of export jobs: written when a job first runs, and kept until the sandbox stops."""

from __future__ import annotations

from collections.abc import Iterator

from iterable_sandbox.exports.formats import FORMATS, Text
from iterable_sandbox.exports.job import Job
from iterable_sandbox.project.project import Project
from iterable_sandbox.rules.settings import Settings


def write(project: Project, job: Job) -> None:
    """Write the files of a job, up to its maximum size. Without rows there is no file."""
    form = FORMATS[job.format]
    text = form.render(project.store, project.settings, job.query, job.delimiter)
    job.files = []
    first = project.clock.now()
    for number, body in enumerate(_bodies(text, project.settings)):
        if job.bytes + len(body) > project.settings.export_job_bytes:
            job.truncated = True
            return
        # The time in milliseconds makes names sort in the order of writing.
        name = f"file-{first + number}.{form.suffix}"
        project.store.export_files.add(job.id, name, body)
        job.files.append(name)
        job.bytes += len(body)


def _bodies(text: Text, settings: Settings) -> Iterator[bytes]:
    """Split a text into files of a limited size. As far as is known, each has the header."""
    head = b"" if text.header is None else text.header.encode() + b"\n"
    separator = b"\n\n" if settings.blank_lines else b"\n"
    end = b"\n" if settings.trailing_newline else b""
    body = bytearray()
    for line in (line.encode() for lines in text.lines for line in lines):
        if body and len(body) + len(separator + line + end) > settings.export_file_bytes:
            yield bytes(body + end)
            body = bytearray()
        body += (separator if body else head) + line
    if body:
        yield bytes(body + end)
