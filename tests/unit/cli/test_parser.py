"""The argument parser: commands, options and usage errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from edged.cli.parser import ENTRIES, parser
from tests.parts.system.program import edged


@pytest.mark.parametrize("name", [entry.name for entry in ENTRIES])
def test_every_command_runs_and_has_a_description(name: str) -> None:
    """Each command's module has ``run``, and its help adds to the description in the list."""
    command = parser().commands[name]
    command.complete()
    assert callable(command.get_default("command").run)
    assert command.description


@pytest.mark.parametrize("arguments", [["--config", "x.yaml", "acl"], ["acl", "--config", "x.yaml"]])
def test_config_is_taken_before_and_after_the_command(arguments: list[str]) -> None:
    """The option works in both positions."""
    assert parser().parse_args(arguments).config == Path("x.yaml")


def test_config_after_the_command_wins() -> None:
    """The last one counts."""
    assert parser().parse_args(["--config", "a.yaml", "acl", "--config", "b.yaml"]).config == Path("b.yaml")
    assert parser().parse_args(["acl"]).config is None


def test_version_is_that_of_the_package() -> None:
    """``edged --version`` prints the package version."""
    done = edged("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "edged 0.1.0\n"


def test_help_and_version_load_no_library() -> None:
    """Help and version are fast: they import no libraries of commands."""
    code = """
import sys
from edged.cli.main import main
for arguments in (["--help"], ["--version"], []):
    try:
        main(arguments)
    except SystemExit:
        pass
heavy = {"numpy", "paho", "msgspec", "yaml", "soundfile", "sounddevice", "soxr", "sqlite3", "ssl"}
heavy |= {"tflite_runtime", "ai_edge_litert", "asyncio", "unittest"}
sys.exit(sorted(heavy & sys.modules.keys()) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_daemon_loads_only_what_it_needs() -> None:
    """Before it opens its microphone, `edged run` has imported no sound driver, and nothing of other commands."""
    code = """
import sys
import edged.cli.main, edged.cli.sensor.run
heavy = {"sounddevice", "soundfile", "soxr", "amqtt", "matplotlib", "starlette", "uvicorn", "httpx", "mcp", "asyncio"}
heavy |= {"prometheus_client", "scipy", "tensorflow", "unittest"}
heavy |= {"edged.hub.hub", "edged.calls", "edged.web", "edged.demo"}
sys.exit(sorted(heavy & sys.modules.keys()) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_no_command_shows_the_help() -> None:
    """The help goes to stderr with the status of wrong usage."""
    done = edged()
    assert (done.returncode, done.stdout) == (64, "")
    assert "sensor commands:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clasify"], "edged: 'clasify' is not a command, did you mean 'classify'?"),
        (["sing"], "edged: 'sing' is not a command, `edged --help` lists the commands"),
        (["classify", "x.wav", "--jsonk"], "edged classify: unknown argument '--jsonk', did you mean '--jsonl'?"),
        (["devices", "x"], "edged devices: unknown argument 'x'"),
        (["--config", "", "acl"], "edged: argument --config: the name is empty, expected a file or folder"),
        (["acl", "--config", ""], "edged acl: argument --config: the name is empty, expected a file or folder"),
        (["calls", ""], "edged calls: argument FILE: the name is empty, expected a file or folder"),
        (["watch", "--host", ""], "edged watch: argument --host: it is empty, expected a host's name or address"),
        (["replay"], "edged replay: the following arguments are required: FILE"),
        (
            ["replay", "--speed", "fast", "x.wav"],
            "edged replay: argument --speed: 'fast' is not a speed, expected max, or 0.01 to 1000 times real time",
        ),
        (
            ["replay", "--speed", "0", "x.wav"],
            "edged replay: argument --speed: '0' is not a speed, expected max, or 0.01 to 1000 times real time",
        ),
        (
            ["history", "--since", "yesterday"],
            "edged history: argument --since: 'yesterday' is not a duration, expected one such as 90s, 15m, 1h or 7d",
        ),
    ],
)
def test_wrong_usage_names_the_word_and_what_is_expected(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """The last line names the fault, with status 64."""
    with pytest.raises(SystemExit) as raised:
        parser().parse_args(arguments)
    assert raised.value.code == 64
    assert capsys.readouterr().err.splitlines()[-1] == message


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_help_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """No line is wider, including unbreakable usage lines and examples from 80 columns up."""
    monkeypatch.setenv("COLUMNS", columns)
    helps = [parser().format_help()]
    for command in parser().commands.values():
        command.complete()
        helps.append(command.format_help())
    lines = [line for text in helps for line in text.splitlines() if line[:1] != " " or columns != "40"]
    assert max(map(len, lines)) <= int(columns)
