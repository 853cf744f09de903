"""Files of export jobs. Iterable's are on S3: without API key, with S3's errors and with URLs that expire."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from iterable_sandbox.exports.formats import FORMATS
from iterable_sandbox.exports.signing import UrlRefusedError, check
from iterable_sandbox.faults.fault_middleware import with_faults
from iterable_sandbox.project.project import Project

_PREFIX: Final = "/_files"
_KEY_HEADERS: Final = ("api-key", "api_key")
_MEDIA_TYPES: Final = {form.suffix: name for name, form in FORMATS.items()}
_ERROR: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{code}</Code><Message>{message}</Message></Error>"""


def path_of(job: int, name: str) -> str:
    """Path of a file."""
    return f"{_PREFIX}/{job}/{name}"


def file_route(project: Project) -> Route:
    """Route of the signed URLs."""

    async def read(request: Request) -> Response:
        try:
            return _file(project, request)
        except UrlRefusedError as error:
            text = _ERROR.format(code=error.code, message=escape(error.message))
            return Response(text, error.status, media_type="application/xml")

    template = f"{_PREFIX}/{{job}}/{{name}}"
    return Route(template, with_faults(project.faults, f"GET {template}", read), methods=["GET"])


def _file(project: Project, request: Request) -> Response:
    if project.settings.keys_at_file_urls == "refuse" and any(name in request.headers for name in _KEY_HEADERS):
        raise UrlRefusedError("InvalidRequest", "This is not Iterable: an Api-Key does not belong here", 400)
    job, name = int(request.path_params["job"]), request.path_params["name"]
    check(project.signing_key, path_of(job, name), request.query_params, project.clock.moment())
    body = project.store.export_files.get(job, name)
    if body is None:
        raise UrlRefusedError("NoSuchKey", "The specified key does not exist.", 404)
    return Response(body, media_type=_MEDIA_TYPES[name.rpartition(".")[2]])
