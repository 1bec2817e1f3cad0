"""The addresses of the page Calls.

    GET  /calls                        the page           POST   /calls/upload           a recording, gives its id
    GET  /calls/state                  all calls, JSON    POST   /calls/{id}/customer    which channel is the customer's
    GET  /calls/{id}/preview/{channel} a bit of it        DELETE /calls/{id}             stop and delete
    GET  /calls/{id}/report            the report         GET    /calls/{id}/{file}      its files, to save

What stands in an address is looked up among the calls and in lists of names, and never becomes a path.
"""

import asyncio
from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec

from edged.calls.page.markup import joined
from edged.calls.page.report_page import SCRIPTS, STYLES, report_body
from edged.config.structs import Web
from edged.contract.call_report import Customer, Report
from edged.web.calls.call_queue import Call, Calls
from edged.web.calls.messages import CHANNELS
from edged.web.calls.page import calls_page, report_bar
from edged.web.calls.previews import preview
from edged.web.calls.sound_type import media_type
from edged.web.calls.together import ALL, zipped
from edged.web.calls.upload import Upload
from edged.web.endpoint import Endpoint, Fault, Reply, Request, json, page, small_body
from edged.web.layout import framed

PATH = "/calls"
_FILES = {
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "timeline.csv": "text/csv; charset=utf-8",
    "timeline.png": "image/png",
}
_MAX_UPLOADS = 4  # that are received at a time
_NO_CALL = "There is no such call; it may have been removed."
_NO_FILE = "There is no such file."


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a choice."""

    customer: Customer


class CallEndpoints:
    """The handlers, for the calls of this run."""

    def __init__(self, calls: Calls, web: Web) -> None:
        self._calls, self._web = calls, web
        self._n_uploads = 0

    def all(self) -> list[Endpoint]:
        """Each address with its handler."""
        return [
            Endpoint("GET", PATH, self._page),
            Endpoint("GET", f"{PATH}/state", self._state),
            Endpoint("POST", f"{PATH}/upload", self._upload),
            Endpoint("POST", f"{PATH}/{{id}}/customer", self._customer),
            Endpoint("GET", f"{PATH}/{{id}}/preview/{{channel}}", self._preview),
            Endpoint("GET", f"{PATH}/{{id}}/report", self._report),
            Endpoint("GET", f"{PATH}/{{id}}/{{file}}", self._file),
            Endpoint("DELETE", f"{PATH}/{{id}}", self._remove),
        ]

    async def _page(self, _request: Request) -> Reply:
        return page(framed("Calls", calls_page(self._web), path=PATH, scripts=["calls.js"]))

    async def _state(self, _request: Request) -> Reply:
        return json({"calls": self._calls.views()})

    async def _upload(self, request: Request) -> Reply:
        if len(self._calls) + self._n_uploads >= self._web.max_calls:
            sentence = f"There are {len(self._calls)} calls here already. Remove some of them first."
            raise Fault(HTTPStatus.CONFLICT, sentence)
        if self._n_uploads >= _MAX_UPLOADS:
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, "Too many uploads at a time. Try again when one has ended.")
        self._n_uploads += 1
        call = self._calls.reserve()
        try:
            with Upload(call.folder, self._web.max_megabytes * 1_000_000) as upload:
                await upload.receive(request)
            call.name, call.recording = upload.name, upload.path
            call.keep = upload.fields.get("keep") == "yes"
            self._calls.start(call)
        except BaseException:  # a client that went away and the end of the program too
            self._calls.drop(call)
            raise
        finally:
            self._n_uploads -= 1
        return json({"id": call.identifier}, HTTPStatus.CREATED)

    async def _customer(self, request: Request) -> Reply:
        call = self._of(request)
        try:
            choice = msgspec.json.decode(await small_body(request), type=_Choice)
        except msgspec.DecodeError as exc:
            sentence = "Expected a channel: left, right or mono."
            raise Fault(HTTPStatus.BAD_REQUEST, sentence) from exc
        if call.state != "choose":
            raise Fault(HTTPStatus.CONFLICT, "The channel of this call is chosen already.")
        self._calls.choose(call, choice.customer)
        return json({})

    async def _preview(self, request: Request) -> Reply:
        call = self._of(request)
        for channel in CHANNELS:
            if request.path_params["channel"] == channel and call.state == "choose":
                return Reply(preview(call.folder, channel), "audio/wav")
        raise Fault(HTTPStatus.NOT_FOUND, _NO_FILE)

    async def _report(self, request: Request) -> Reply:
        call = self._done(request)
        markup = await asyncio.to_thread(_report_markup, call)
        return page(markup)

    async def _file(self, request: Request) -> Reply:
        call, name = self._done(request), request.path_params["file"]
        stem = PurePosixPath(call.name).stem
        if call.recording is not None and name == call.recording.name:
            return Reply(call.recording, media_type(call.recording.suffix.lstrip(".")))
        if name == ALL:
            archive = await asyncio.to_thread(zipped, call.folder, [*_FILES], call.recording)
            return Reply(archive, "application/zip", download=f"{stem}.zip")
        if name not in _FILES or not (call.folder / name).is_file():  # the name is in the list, so it is a plain name
            raise Fault(HTTPStatus.NOT_FOUND, _NO_FILE)
        return Reply(call.folder / name, _FILES[name], download=f"{stem} {name}")

    async def _remove(self, request: Request) -> Reply:
        await self._calls.remove(self._of(request))
        return json({})

    def _of(self, request: Request) -> Call:
        call = self._calls.call(request.path_params["id"])
        if call is None:
            raise Fault(HTTPStatus.NOT_FOUND, _NO_CALL)
        return call

    def _done(self, request: Request) -> Call:
        call = self._of(request)
        if call.state != "done":
            raise Fault(HTTPStatus.NOT_FOUND, "This call has no report yet.")
        return call


def _report_markup(call: Call) -> str:
    report = msgspec.json.decode((call.folder / "report.json").read_bytes(), type=Report)
    has_picture = (call.folder / "timeline.png").is_file()
    recording = None if call.recording is None else call.recording.name
    content = report_bar(call.identifier, [name for name in _FILES if name != "timeline.png" or has_picture])
    body = report_body(report, recording)
    return framed(report.call.file, joined([content, body]), path=PATH, styles=STYLES, scripts=SCRIPTS)
