"""The bytes of a file with turns to its place in a call's folder, and to the names in it.

    RTTM or CSV, at most a megabyte ──checked by edged.calls.voices.turns──► turns.rttm or turns.csv, speakers

Its first line tells which of the two it is; its name comes from the client and proves nothing.
"""

from http import HTTPStatus
from pathlib import Path

from edged.calls.voices.turns import Turns
from edged.errors import EdgedError
from edged.web.endpoint import Fault

MAX_BYTES = 1_000_000  # two days of turns
_MAX_SPEAKERS = 20  # that a person is asked about
_RTTM = (b"SPEAKER", b";;", b"SPKR-INFO")


def received_turns(content: bytes, folder: Path, recording: str) -> tuple[Path, list[str]]:
    """Stores ``content`` in ``folder``, and checks that it has turns of ``recording``; its path and its speakers.

    Raises:
        Fault: it is neither RTTM nor CSV, or has no turns of this recording, in a sentence.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    file = folder / f"turns.{'rttm' if lines.startswith(_RTTM) else 'csv'}"
    try:
        file.write_bytes(content)
        turns = Turns(file).of(Path(recording))
    except EdgedError as exc:
        file.unlink(missing_ok=True)
        raise Fault(HTTPStatus.BAD_REQUEST, _sentence(str(exc), file, recording)) from exc
    except OSError as exc:
        raise Fault(HTTPStatus.INSUFFICIENT_STORAGE, f"The turns cannot be stored: {exc.strerror}.") from exc
    speakers = sorted({turn.speaker for turn in turns})
    if len(speakers) > _MAX_SPEAKERS:
        file.unlink()
        raise Fault(
            HTTPStatus.BAD_REQUEST, f"The turns have {len(speakers)} speakers, expected {_MAX_SPEAKERS} at most."
        )
    return file, speakers


def _sentence(message: str, file: Path, recording: str) -> str:
    """An error line of the command line, as a sentence for the page, without paths."""
    words = message.replace(str(file), "the turns").removeprefix(f"{recording}: ").removeprefix("the turns")
    words = words.lstrip(": ")
    line, _, rest = words.partition(": ")
    words = f"line {line}: {rest}" if line.isdigit() and rest else words
    return f"The turns cannot be used: {words}."
