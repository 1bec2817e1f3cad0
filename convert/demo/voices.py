"""Text to speech by the synthesisers that Debian has.

Voice, text ──flite or espeak-ng──► samples (n,) float64 at 16 kHz
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from convert.data import recordings
from convert.demo.lines import Voice
from convert.demo.speech import Reals
from edged.errors import EdgedError, UsageError

_TIMEOUT_S = 60


@cache
def said(voice: Voice, text: str) -> Reals:
    """(n,) ``text`` at 16 kHz as ``voice`` says it by itself.

    Raises:
        UsageError: the synthesiser is not installed.
        EdgedError: it refuses, such as a voice that it does not have.
    """
    program = shutil.which(voice.program)
    if program is None:
        raise UsageError(f"{voice.program} is missing, which speaks the sample: apt-get install {voice.program}")
    if voice.program == "flite" and voice.name not in _run([program, "-lv"], voice).stdout.decode().split():
        raise EdgedError(f"flite, voice {voice.name!r}: unknown, expected one of `flite -lv`")  # it would take another
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        arguments = {
            "flite": ["-voice", voice.name, "-t", text, "-o", str(file)],
            "espeak-ng": ["-v", voice.name, "-z", "-w", str(file), text],
        }[voice.program]
        _run([program, *arguments], voice)
        return np.asarray(recordings.samples(file), np.float64)


def _run(command: list[str], voice: Voice) -> subprocess.CompletedProcess[bytes]:
    ended = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_S)  # noqa: S603 -- the table's
    if ended.returncode != 0:
        reason = ended.stderr.decode(errors="replace").strip() or f"exit status {ended.returncode}"
        raise EdgedError(f"{voice.program}, voice {voice.name!r}: {reason}")
    return ended
