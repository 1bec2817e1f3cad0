"""The addresses of the page Calls.

    GET  /calls                        the page           POST   /calls/upload           a recording, gives its id
    GET  /calls/state                  all calls, JSON    POST   /calls/{id}/customer    which channel is the customer's
    POST /calls/{id}/turns             who speaks when    POST   /calls/{id}/voice       which voice, or neither
    GET  /calls/{id}/preview/{bit}     a bit of it        POST   /calls/{id}/speaker     which speaker of the turns
                                                          DELETE /calls/{id}             stop and delete
    GET  /calls/{id}/report            the report         GET    /calls/{id}/{file}      its files, to save

Text in an address is looked up among the calls and in lists of names; it never becomes a path.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TypeVar

import msgspec

from edged.calls.page.report_page import SCRIPTS, STYLES
from edged.config.structs import Web
from edged.contract.call_report import Customer, Report
from edged.decoding import MALFORMED
from edged.web.calls.call import Call, Question
from edged.web.calls.call_queue import Calls
from edged.web.calls.messages import CHANNELS, VoiceNumber
from edged.web.calls.page import SCRIPTS as PAGE_SCRIPTS
from edged.web.calls.page import calls_page, report_content
from edged.web.calls.previews import preview, voice_preview
from edged.web.calls.sound_type import media_type
from edged.web.calls.together import ALL, zipped
from edged.web.calls.turns_file import MAX_BYTES, received_turns
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
_Kind = TypeVar("_Kind")
_NO_CALL = "There is no such call; it may have been removed."
_NO_FILE = "There is no such file."


class _Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a choice."""

    customer: Customer


class _VoiceChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a choice between voices; null: neither."""

    voice: VoiceNumber | None


class _SpeakerChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a choice among the speakers of turns."""

    speaker: str


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
            Endpoint("POST", f"{PATH}/{{id}}/voice", self._voice),
            Endpoint("POST", f"{PATH}/{{id}}/turns", self._turns),
            Endpoint("POST", f"{PATH}/{{id}}/speaker", self._speaker),
            Endpoint("GET", f"{PATH}/{{id}}/preview/{{bit}}", self._preview),
            Endpoint("GET", f"{PATH}/{{id}}/report", self._report),
            Endpoint("GET", f"{PATH}/{{id}}/{{file}}", self._file),
            Endpoint("DELETE", f"{PATH}/{{id}}", self._remove),
        ]

    async def _page(self, _request: Request) -> Reply:
        return page(framed("Calls", calls_page(self._web), path=PATH, scripts=PAGE_SCRIPTS))

    async def _state(self, _request: Request) -> Reply:
        return json({"calls": self._calls.views()})

    async def _upload(self, request: Request) -> Reply:
        if len(self._calls) + self._n_uploads >= self._web.max_calls:
            sentence = f"There are {len(self._calls)} calls here already. Remove some of them first."
            raise Fault(HTTPStatus.CONFLICT, sentence)
        if self._n_uploads >= _MAX_UPLOADS:
            raise Fault(HTTPStatus.SERVICE_UNAVAILABLE, "Too many uploads at once. Try again when one has finished.")
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
        choice = await _body(request, _Choice, "Expected a channel: left, right or mono.")
        call = self._asked(request, "channel")
        self._calls.choose(call, choice.customer)
        return json({})

    async def _voice(self, request: Request) -> Reply:
        choice = await _body(request, _VoiceChoice, "Expected a voice: 1, 2 or null.")
        call = self._asked(request, "voice", "speaker")
        if choice.voice is not None and not call.voices:
            raise Fault(HTTPStatus.CONFLICT, "The speakers of this recording could not be separated.")
        self._calls.choose_voice(call, choice.voice)
        return json({})

    async def _turns(self, request: Request) -> Reply:
        call = self._asked(request, "voice", "speaker")
        file, speakers = await asyncio.to_thread(
            received_turns, await small_body(request, MAX_BYTES), call.folder, call.name
        )
        self._calls.take_turns(call, file, speakers)
        return json({"speakers": speakers})

    async def _speaker(self, request: Request) -> Reply:
        choice = await _body(request, _SpeakerChoice, "Expected the name of a speaker.")
        call = self._asked(request, "speaker")
        if choice.speaker not in call.speakers:
            raise Fault(HTTPStatus.BAD_REQUEST, "No speaker in the turns has this name.")
        self._calls.choose_speaker(call, choice.speaker)
        return json({})

    async def _preview(self, request: Request) -> Reply:
        call, bit = self._of(request), request.path_params["bit"]
        files: dict[str, Path] = {
            channel: preview(call.folder, channel) for channel in CHANNELS if call.question == "channel"
        }
        if call.question in {"voice", "speaker"}:
            files = {f"voice-{voice.number}": voice_preview(call.folder, voice.number) for voice in call.voices}
        if bit not in files:
            raise Fault(HTTPStatus.NOT_FOUND, _NO_FILE)
        return Reply(files[bit], "audio/wav")

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

    def _asked(self, request: Request, *questions: Question) -> Call:
        """The call, if it asks one of ``questions``."""
        call = self._of(request)
        if call.question not in questions:
            raise Fault(HTTPStatus.CONFLICT, "This call has no such question, or it was answered already.")
        return call

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


async def _body(request: Request, kind: type[_Kind], sentence: str) -> _Kind:
    try:
        return msgspec.json.decode(await small_body(request), type=kind)
    except MALFORMED as exc:
        raise Fault(HTTPStatus.BAD_REQUEST, sentence) from exc


def _report_markup(call: Call) -> str:
    report = msgspec.json.decode((call.folder / "report.json").read_bytes(), type=Report)
    has_picture = (call.folder / "timeline.png").is_file()
    recording = None if call.recording is None else call.recording.name
    files = [name for name in _FILES if name != "timeline.png" or has_picture]
    content = report_content(call.identifier, report, recording, files)
    return framed(report.call.file, content, path=PATH, styles=STYLES, scripts=SCRIPTS)
