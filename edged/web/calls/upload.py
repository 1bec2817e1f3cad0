"""A form that a browser sends to a file on disk; the only file that knows python-multipart.

    multipart/form-data ──pieces──► first bytes checked ──► <folder>/recording.<type>, and the small fields

Nothing is collected in memory.  Size and type are checked while the bytes arrive, and a form that breaks a limit is
dropped at once.  The name of the file is only shown; the file on disk has a fixed name.
"""

from http import HTTPStatus
from pathlib import Path, PureWindowsPath
from typing import BinaryIO, Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from edged.audio.formats.names import PLAYED
from edged.web.calls.sound_type import N_BYTES, refusal, sound_type
from edged.web.endpoint import Fault, Request

RECORDING = "recording"  # the file's stem on disk, and the field's name in the form
_MAX_FIELD_BYTES = 1000
_MAX_FIELDS = 8
_MAX_NAME = 255  # characters of a name that are shown; no file system has longer ones
_FORM_BYTES = 16_384  # that a form may have besides the recording
_MAX_DIGITS = 20  # of a length that is read; a longer one is too long anyway
_EXPECTED = f"expected {PLAYED}"


class Upload:
    """One form, written into ``folder``; ``with`` closes the file, ``receive`` fills it."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self.name = ""  # as the client calls it, shortened
        self.path: Path | None = None
        self.fields: dict[str, str] = {}
        self._file: BinaryIO | None = None
        self._first = b""
        self._n_bytes = 0
        self._header_name = self._header_value = b""
        self._field: str | None = None
        self._is_recording = False
        self._is_complete = False

    def __enter__(self) -> Self:
        """Opens nothing yet."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()

    async def receive(self, request: Request) -> None:
        """Reads the whole form.

        Raises:
            Fault: no form, no recording in it, another type, too many bytes, or a full disk.
            Disconnected: the client went away.
        """
        parser = MultipartParser(self._boundary(request), self._callbacks())  # type: ignore[arg-type]  # its TypedDict
        n_bytes = 0
        try:
            async for piece in request.stream():
                n_bytes += len(piece)
                if n_bytes > self._max_bytes + _FORM_BYTES:
                    raise too_large(self._max_bytes)
                parser.write(piece)
            parser.finalize()
        except FormParserError as exc:
            raise Fault(HTTPStatus.BAD_REQUEST, "The upload is damaged. Try it again.") from exc
        except OSError as exc:
            raise Fault(HTTPStatus.INSUFFICIENT_STORAGE, f"The recording cannot be stored: {exc.strerror}.") from exc
        if self._first and self.path is None:
            self._open()  # shorter than a signature
        if self.path is None or not self._n_bytes:
            raise Fault(HTTPStatus.BAD_REQUEST, f"The file is empty, {_EXPECTED}.")
        if not self._is_complete:
            raise Fault(HTTPStatus.BAD_REQUEST, "The upload ended early. Try it again.")

    def _boundary(self, request: Request) -> bytes:
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request has no form with a recording.")
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced[:_MAX_DIGITS]) > self._max_bytes + _FORM_BYTES:
            raise too_large(self._max_bytes)
        return options[b"boundary"]

    def _callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
        }

    def _on_part_begin(self) -> None:
        self._field, self._is_recording = None, False
        self._header_name = self._header_value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            name = options.get(b"name", b"").decode("utf-8", "replace")
            if name == RECORDING and b"filename" in options:
                if self.name:
                    raise Fault(HTTPStatus.BAD_REQUEST, "Send one recording at a time.")
                self._is_recording = True
                self.name = shown_name(options[b"filename"].decode("utf-8", "replace"))
            elif len(self.fields) < _MAX_FIELDS:
                self._field = name[:_MAX_NAME]
                self.fields[self._field] = ""
        self._header_name = self._header_value = b""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is not None:
            if len(self.fields[self._field]) + end - start > _MAX_FIELD_BYTES:
                raise Fault(HTTPStatus.BAD_REQUEST, "A field of the form is too long.")
            self.fields[self._field] += data[start:end].decode("utf-8", "replace")
        elif self._is_recording:
            self._write(data[start:end])

    def _on_part_end(self) -> None:
        self._is_complete = self._is_complete or self._is_recording

    def _write(self, piece: bytes) -> None:
        self._n_bytes += len(piece)
        if self._n_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        if self._file is None:
            self._first += piece
            if len(self._first) >= N_BYTES:
                self._open()
            return
        self._file.write(piece)

    def _open(self) -> None:
        suffix = sound_type(self._first)
        if suffix is None:
            raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, refusal(self.name, self._first))
        self.path = self._folder / f"{RECORDING}.{suffix}"
        self._file = self.path.open("xb")
        self._file.write(self._first)


def too_large(max_bytes: int) -> Fault:
    """The sentence for a file above the limit."""
    return Fault(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The file is larger than the {max_bytes / 1e6:.0f} MB that web.max_megabytes allows.",
    )


def shown_name(name: str) -> str:
    """The last part of a client's name, at most ``_MAX_NAME`` characters; a client may send a whole path."""
    return PureWindowsPath(name).name.strip(" .")[-_MAX_NAME:] or "recording"
