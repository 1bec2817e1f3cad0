"""Styles and scripts by name: those of the reports, and those of this program.

GET /assets/look.css ──name in the list──► its text, or 404; no name is ever looked up as a path
"""

from http import HTTPStatus
from pathlib import Path

from edged.calls.page.document import asset
from edged.web.endpoint import Endpoint, Fault, Reply, Request

_FOLDER = Path(__file__).parent / "assets"
_OF_REPORTS = (
    "look.css",
    "report.css",
    "uplot/uPlot.min.css",
    "uplot/uPlot.iife.min.js",
    "tracks.js",
    "windows.js",
    "timeline.js",
)
_OURS = ("web.css", "program.js", "entries.js", "questions.js", "uploads.js", "calls.js")
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


def endpoints() -> list[Endpoint]:
    """One address for all of them."""
    contents = {name: asset(name).encode() for name in _OF_REPORTS}
    contents |= {name: (_FOLDER / name).read_bytes() for name in _OURS}

    async def handler(request: Request) -> Reply:
        name = request.path_params["name"]
        if name not in contents:
            raise Fault(HTTPStatus.NOT_FOUND, "There is no such file.")
        return Reply(contents[name], _TYPES[name.rpartition(".")[2]])

    return [Endpoint("GET", "/assets/{name:path}", handler)]
