"""Standard input in place of a file: read whole into memory, with a name of its own."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.parts.sound.speech import RATE_HZ, noise
from tests.parts.system.program import LIMIT_S, REPOSITORY, assert_one_line, edged

FORMS = ("wav", "flac", "mp3", "ogg")


def piped(content: bytes, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run ``edged`` with ``content`` piped to its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "edged", *arguments],
        check=False,
        capture_output=True,
        input=content,
        cwd=REPOSITORY,
        timeout=LIMIT_S,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def of_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """By file what is said of it, one of each form."""
    folder = tmp_path_factory.mktemp("forms")
    files = [folder / f"noise.{form}" for form in FORMS]
    for file in files:
        soundfile.write(file, noise(5), RATE_HZ)
    lines = edged("classify", "--jsonl", *files).stdout.splitlines()
    return dict(zip(files, map(json.loads, lines), strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_stdin_is_classified_as_the_file_is(of_files: dict[Path, Any], form: str) -> None:
    """The scores from a pipe equal those of the file, under the name stdin."""
    file = next(file for file in of_files if file.suffix == f".{form}")
    done = piped(file.read_bytes(), "classify", "--jsonl", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {**of_files[file], "file": "stdin"}


def test_stdin_among_files_keeps_its_turn(tmp_path: Path) -> None:
    """Inputs keep their order on the command line."""
    file = tmp_path / "silent.wav"
    soundfile.write(file, np.zeros(RATE_HZ), RATE_HZ)
    done = piped(file.read_bytes(), "classify", file, "-", file)
    assert [line.split()[-1] for line in done.stdout.splitlines()] == [str(file), "stdin", str(file)]


def test_replay_reads_stdin_and_names_the_file_in_each_line(tmp_path: Path) -> None:
    """With several files each line has its file name."""
    file = tmp_path / "noise.wav"
    soundfile.write(file, noise(5), RATE_HZ)
    done = piped(file.read_bytes(), "replay", "--jsonl", "-", file)
    assert done.returncode == 0, done.stderr
    names = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert set(names) == {"stdin", str(file)}
    assert names == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "stdin: is empty (0 bytes)"), (b"this is no sound\n" * 50, "stdin: cannot be decoded")],
)
def test_stdin_that_is_no_sound_is_refused(content: bytes, words: str) -> None:
    """It is refused like a file, under the name stdin."""
    assert_one_line(piped(content, "classify", "-"), 65, words)


def test_stdin_of_another_format_gets_the_command_that_converts_a_pipe() -> None:
    """The command reads a pipe, since the path of the copy in memory would be useless."""
    done = piped(b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(100), "classify", "-")
    assert_one_line(done, 65, "stdin: ", "MPEG-4", "ffmpeg -i - -f wav -")


def test_stdin_twice_is_wrong_usage() -> None:
    """There is only one stdin."""
    assert_one_line(piped(b"", "classify", "-", "-"), 64, "- is given twice")


def test_closed_stdin_is_wrong_usage() -> None:
    """``edged classify - <&-`` says so in one line."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m edged classify - <&-', sys.executable],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=LIMIT_S,
    )
    assert_one_line(done, 64, "stdin is closed")


def test_terminal_as_stdin_is_not_waited_for() -> None:
    """A terminal is refused, since nobody types a sound file."""
    controller, terminal = pty.openpty()
    try:
        done = edged("classify", "-", stdin=terminal)
    finally:
        os.close(terminal)
        os.close(controller)
    assert_one_line(done, 64, "stdin is a terminal")
