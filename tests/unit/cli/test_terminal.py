"""stdout and stderr that are closed, full, or limited to ASCII, in real shells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


def shell(command: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run ``command`` in bash, where $edged is the program."""
    return subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=60,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "edged": f"{sys.executable} -m edged",
            **environment,
        },
    )


@pytest.mark.parametrize("command", ["schema", "--help", "acl --user a", "completion bash"])
def test_full_stdout_is_one_line(tmp_path: Path, command: str) -> None:
    """A full disk, such as /dev/full, gives status 1 and the reason once."""
    (tmp_path / "config.yaml").write_text("state_dir: .\n")
    done = shell(f"$edged {command} >/dev/full", tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("edged: stdout: No space left on device, expected ")


def test_stdout_that_is_not_open_to_write_is_one_line(tmp_path: Path) -> None:
    """``1<`` instead of ``1>`` gives one line."""
    done = shell("$edged acl --user a 1</dev/null", tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith("edged: stdout: Bad file descriptor, ")


def test_closed_stdout_leads_nowhere(tmp_path: Path) -> None:
    """With stdout closed the command does its work without output."""
    for command in ("schema", "acl --user a", "acl --pattern"):
        done = shell(f"$edged {command} >&-", tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize(("command", "status"), [("nope", 64), ("classify nope", 65), ("acl --user a", 0)])
def test_full_stderr_keeps_the_status(tmp_path: Path, command: str, status: int) -> None:
    """A message that cannot be written is lost, and the exit status is that of the command."""
    assert shell(f"$edged {command} 2>/dev/full", tmp_path).returncode == status


def test_all_three_closed(tmp_path: Path) -> None:
    """No file gets the descriptor of stderr, so loading models works as usual."""
    done = shell(f"$edged classify {REPOSITORY}/edged/demo/sample.flac <&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert done.stdout.endswith("sample.flac\n")


def test_letters_that_stdout_does_not_know_are_escaped(tmp_path: Path) -> None:
    """Characters outside the terminal's encoding are escaped."""
    (tmp_path / "config.yaml").write_text("homeassistant: {suggested_area: Küche}\n")
    done = shell("$edged discovery", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert r"K\xfcche" in done.stdout
    assert shell("$edged schema --markdown", tmp_path, PYTHONIOENCODING="latin-1").returncode == 0
