"""The process that decodes and analyses one recording, apart from the pages.

    stdin: Task ──inspect──► Inspected, left.wav, right.wav
                ──split──► Progress…, Voices, voices.csv, a bit of each voice  ──► stdout
                ──analyse──► Progress…, Analysed, the files of the report     ──► stdout

The pages stay responsive while it computes, a damaged file can crash nothing else, its memory is freed when it exits,
and killing it cancels the work.  It exits by itself when the program that started it is gone.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edged.host.process.blas_threads import limit_blas_threads

limit_blas_threads()  # before numpy

import msgspec  # noqa: E402 -- after the limit

from edged.audio.formats.names import PLAYED, READ  # noqa: E402 -- as above
from edged.audio.sound_file import SoundFile  # noqa: E402 -- as above
from edged.config.structs import Config  # noqa: E402 -- as above
from edged.errors import EdgedError, RecordingError  # noqa: E402 -- as above
from edged.web.calls.messages import VOICE_TURNS, Analysed, Failed, Inspected, Message, Progress, Task, Voices  # noqa: E402 -- as above
from edged.web.calls.previews import voice_preview, write_previews, write_voice_preview  # noqa: E402 -- as above
from edged.web.calls.sound_type import CONVERSION  # noqa: E402 -- as above

if TYPE_CHECKING:
    from edged.calls.settings import CallSettings

_INTERVAL_S = 0.2  # between two messages of progress
_NICENESS = 5  # the pages come first
_STEREO = 2
_CONVERSION = ("ffmpeg -i - -f wav -", CONVERSION)  # what the page cannot do in a pipe

_Send = Callable[[Message], None]


def main() -> None:
    """Do the task on stdin; what libraries print goes to stderr, the messages alone to stdout."""
    os.nice(_NICENESS)
    messages = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def send(message: Message) -> None:
        messages.write(msgspec.json.encode(message) + b"\n")

    try:
        if task.kind == "inspect":
            send(_inspected(task))
        else:
            send(_split(task, send) if task.kind == "split" else _analysed(task, send))
    except EdgedError as exc:
        send(Failed(sentence=_sentence(str(exc), task.name)))
    except Exception:  # noqa: BLE001 -- a fault of the program: the log has it, the page a sentence
        traceback.print_exc()
        send(Failed(sentence="The analysis failed because of an error in the program. Its log has the details."))


def _inspected(task: Task) -> Inspected:
    with SoundFile(Path(task.recording), task.name) as file:
        if file.duration_s is not None:
            _check_length(file.duration_s, task)
        silent = write_previews(file, Path(task.folder)) if file.n_channels == _STEREO else []
        return Inspected(n_channels=file.n_channels, duration_s=file.duration_s, silent=silent)


def _split(task: Task, send: _Send) -> Voices:
    from edged.calls.files import csv_text, write_whole  # noqa: PLC0415 -- loads the models' runtime
    from edged.calls.voices.split import split  # noqa: PLC0415 -- as above

    recording, folder = Path(task.recording), Path(task.folder)
    found = split(recording, _settings(task), _progress(task, send))
    rows = [[turn.start_s, turn.end_s, turn.speaker] for turn in found.turns]
    write_whole(folder / VOICE_TURNS, csv_text(["start_s", "end_s", "speaker"], rows).encode())
    for voice in found.voices:
        with SoundFile(recording, task.name) as file:
            write_voice_preview(file, voice_preview(folder, voice.number), voice.sample)
    return Voices(voices=found.voices)


def _settings(task: Task) -> "CallSettings":
    from edged.calls.settings import CallSettings  # noqa: PLC0415 -- loads the models' runtime
    from edged.calls.voices.turns import Turns  # noqa: PLC0415 -- as above
    from edged.models.bundle import load_bundle  # noqa: PLC0415 -- as above
    from edged.pipeline.bundles.choice import choice_for, of_recordings  # noqa: PLC0415 -- as above

    config = msgspec.json.decode(task.config, type=Config)
    return CallSettings(
        config=config,
        bundle=load_bundle(choice_for(of_recordings(config)).path),
        customer=task.customer,
        turns=Turns(Path(task.turns)).of(Path(task.name)) if task.turns else (),
        speaker=task.speaker,
        voice=task.voice,
        name=task.name,
    )


def _progress(task: Task, send: _Send) -> Callable[[float, float | None], None]:
    """Sends the progress, not too often, and refuses a file that turns out to be too long."""
    due_s = 0.0

    def progress(done_s: float, total_s: float | None) -> None:
        nonlocal due_s
        _check_length(done_s, task)  # a file that does not say its length
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + _INTERVAL_S
            send(Progress(done_s=done_s, total_s=total_s))

    return progress


def _analysed(task: Task, send: _Send) -> Analysed:
    from edged.calls.analysis import analyse  # noqa: PLC0415 -- loads the models' runtime
    from edged.calls.files import write_report  # noqa: PLC0415 -- as above

    recording = Path(task.recording)
    report = analyse(recording, _settings(task), _progress(task, send))
    write_report(report, Path(task.folder), recording=recording.name if task.keep else None)
    score = report.score
    return Analysed(
        outcome=report.outcome,
        score=None if score is None else score.value,
        reason=report.reason,
        low=None if score is None else score.low,
        high=None if score is None else score.high,
        duration_s=report.call.duration_s,
    )


def _check_length(seconds: float, task: Task) -> None:
    if seconds > task.max_s:
        raise RecordingError(f"{task.name}: longer than the {task.max_s / 3600:g} hours that web.max_hours allows")


def _sentence(message: str, name: str) -> str:
    """An error's line for the command line, as a sentence beside the name of the file."""
    words = message.removeprefix(f"{name}: ").partition(", or try: ")[0].replace(*_CONVERSION).replace(READ, PLAYED)
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # the program holds the other end until it is done with this process
    os._exit(1)


if __name__ == "__main__":
    main()
