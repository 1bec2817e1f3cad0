"""The command line of convert before its work begins: what it loads, and Ctrl-C meanwhile."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from convert.__main__ import main
from convert.commands import options
from tests.parts.system.interrupted import AT_END, interrupted

REPOSITORY = Path(__file__).parents[3]


def test_help_loads_no_library() -> None:
    """The list of commands takes no second; a command is imported when it is chosen."""
    assert loaded([["--help"], ["fly"], []], {"numpy", "scipy", "convert.commands"}) == (0, "")


def test_refusals_do_not_load_tensorflow() -> None:
    """Arguments, names and folders are checked, and lists printed, without the seconds that TensorFlow takes."""
    nowhere = ["--corpora", "/nowhere"]
    commands = [
        ["zoo", "--list"],
        ["zoo", "--model", "none"],
        ["zoo", "--help"],
        ["train", "--epochs", "0"],
        ["train", *nowhere],
        ["quantize", *nowhere],
        ["evaluate", *nowhere],
        ["gate", *nowhere],
        ["all", *nowhere],
        ["all", "--own", "/nowhere"],
        ["bundle", "--own", "/nowhere", "--model", "none"],
        ["protocol", "savee"],
        ["protocol", "emodb", *nowhere],
        ["text", "--model", "bert", "--text", "/nowhere"],
    ]
    status, errors = loaded(commands, {"tensorflow", "keras"})
    assert status == 0, errors


def loaded(commands: list[list[str]], heavy: set[str]) -> tuple[int, str]:
    """Status 0 if none of the modules ``heavy`` is loaded after ``commands``, else their names on stderr."""
    code = f"""
import contextlib, os, sys
from convert.__main__ import main
with open(os.devnull, "w") as null, contextlib.redirect_stdout(null), contextlib.redirect_stderr(null):
    for arguments in {commands}:
        try:
            main(arguments)
        except SystemExit:
            pass
sys.exit(sorted({heavy} & sys.modules.keys()) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=REPOSITORY, timeout=300
    )
    return done.returncode, done.stderr


def test_tensorflow_absent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its absence is said before a corpus is read."""
    monkeypatch.setattr(options, "find_spec", lambda _name: None)
    assert main(["train", "--corpora", "/nowhere"]) == 64
    expected = "no module named 'tensorflow': expected the extra convert: pip install -e '.[convert]'"
    assert capsys.readouterr().err == f"convert: {expected}\n"


@pytest.mark.parametrize("module", ["convert.command_line", "convert.commands.train", "numpy"])
def test_interrupted_while_modules_load(tmp_path: Path, module: str) -> None:
    """The status is that of a command that is interrupted later, without a traceback."""
    done = interrupted(tmp_path, module, "convert", "train", "--epochs", "0")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_interrupted_at_the_end(tmp_path: Path) -> None:
    """Python's shutdown ends as by the signal."""
    done = interrupted(tmp_path, AT_END, "convert", "fly")
    assert done.returncode == -signal.SIGINT
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["text", "--text", "{file}"], "{file}"),
        (["voices", "--wheel", "{file}", "--work", "{file}/work"], "{file}"),
        (["zoo", "--stored", "--page", "{file}/zoo.md"], "{file}"),
    ],
)
def test_files_that_cannot_be_used(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line that names the file, status 1 or 64; no traceback."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert main([argument.format(file=file) for argument in arguments]) in {1, 64}
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert errors[0].startswith("convert: ")
    assert expected.format(file=file) in errors[0]


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [("| head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""), (">/dev/full", 1, "stdout: ")],
)
def test_stdout_that_takes_nothing(redirection: str, status: int, said: str) -> None:
    """A reader that has gone is no error, a full disk is one, said in a line."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m convert --help {redirection}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == status
    assert said in done.stderr
