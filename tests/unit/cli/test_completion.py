"""Completion scripts: current, printed whole, and working in a real bash."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edged.cli.completion import SHELLS, file_for
from edged.cli.parser import ENTRIES
from tests.parts.system.program import edged
from tests.tools.completions import script

COMMANDS = {entry.name for entry in ENTRIES}


@pytest.mark.parametrize("shell", SHELLS)
def test_script_is_current(shell: str) -> None:
    """The script has all commands and options; `make reference` writes it."""
    assert file_for(shell).read_text(encoding="utf-8") == script(shell), "run `make reference`"


@pytest.mark.parametrize("shell", SHELLS)
def test_script_is_printed_whole(shell: str) -> None:
    """The script is printed unchanged from the package."""
    done = edged("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == file_for(shell).read_text(encoding="utf-8")


def test_shell_without_a_script_is_wrong_usage() -> None:
    """The message lists the supported shells."""
    done = edged("completion", "tcsh")
    assert done.returncode == 64
    assert "fish" in done.stderr


def completed_by_bash(folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of ``words`` in ``folder``."""
    program = f"""
source {file_for("bash")}
function=$(complete -p edged | sed 's/.*-F \\([^ ]*\\).*/\\1/')
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
$function
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", program], check=False, capture_output=True, text=True, cwd=folder, timeout=60
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_completes_commands_options_and_files(tmp_path: Path) -> None:
    """bash completes commands first, then options of the command, and files where a path is expected."""
    (tmp_path / "call.wav").touch()
    assert completed_by_bash(tmp_path, "edged", "") >= COMMANDS
    assert completed_by_bash(tmp_path, "edged", "dis") == {"discovery"}
    assert completed_by_bash(tmp_path, "edged", "watch", "--") >= {"--node", "--all", "--host", "--port", "--config"}
    assert completed_by_bash(tmp_path, "edged", "classify", "ca") == {"call.wav"}
    assert completed_by_bash(tmp_path, "edged", "check", "--config", "ca") == {"call.wav"}
    assert completed_by_bash(tmp_path, "edged", "completion", "") >= set(SHELLS)


def test_script_has_no_syntax_error_in_any_shell_that_is_here() -> None:
    """bash always parses it, zsh and fish where installed."""
    here = [shell for shell in SHELLS if shutil.which(shell)]
    assert "bash" in here
    for shell in here:
        done = subprocess.run([shell, "-n", file_for(shell)], check=False, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), shell
