"""The hub's unit file: systemd's rating, its sandbox beside the daemon's, and consistency with the program."""

import re
import subprocess
from pathlib import Path

from edged.errors import ConfigError
from edged.mqtt.security.password import CREDENTIAL
from edged.mqtt.security.tls import KEY_CREDENTIAL
from tests.system.test_unit import MAX_EXPOSURE, analyze
from tests.system.test_unit import UNIT as DAEMON

__all__ = ["analyze"]

UNIT = DAEMON.with_name("edged-hub.service")
_OF_THE_MICROPHONE = {"DeviceAllow=char-alsa rw"}


def sandbox(unit: Path) -> set[str]:
    """The settings of the sandbox, which are the last of a unit's section Service."""
    service = unit.read_text().partition("# The sandbox")[2].partition("[Install]")[0]
    return {line for line in service.splitlines() if re.match(r"[A-Z]\w+=", line)}


def setting(name: str) -> list[str]:
    """Every value of one setting of the unit, in order."""
    return [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{name}=")]


def test_exposure_is_low(analyze: str) -> None:
    """``systemd-analyze security`` rates it as it rates the daemon, or better."""
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", f"--threshold={MAX_EXPOSURE}", UNIT],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Overall exposure level" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout


def test_unit_has_no_fault(analyze: str, tmp_path: Path) -> None:
    """``systemd-analyze verify`` accepts every setting; another program replaces the one not installed here."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/edged/venv/bin/edged", "/bin/true").replace("file:/opt/", "file:/"))
    done = subprocess.run([analyze, "verify", "--man=no", unit], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


def test_sandbox_is_the_daemons_without_a_microphone() -> None:
    """It has all that the daemon's has, and no device."""
    assert sandbox(DAEMON) - sandbox(UNIT) == _OF_THE_MICROPHONE
    assert sandbox(UNIT) - sandbox(DAEMON) == {"PrivateDevices=yes"}


def test_sentences_never_reach_a_disk() -> None:
    """Memory, which holds them for a moment, reaches no core dump and no swap; there is no folder to write to."""
    assert setting("LimitCORE") == ["0"]
    assert setting("MemorySwapMax") == ["0"]
    assert setting("StateDirectory") == []


def test_statuses_and_credentials_are_the_programs() -> None:
    """A wrong config causes no restart; credentials match the program's, and a missing file is an empty line."""
    assert setting("RestartPreventExitStatus") == [str(ConfigError.exit_status)]
    names = (CREDENTIAL, KEY_CREDENTIAL, "agent_key")
    assert setting("LoadCredential") == [f"{name}:/etc/edged/{name}" for name in names]
    assert setting("SetCredential") == [rf"{name}:\n" for name in names]


def test_unit_runs_the_hub() -> None:
    """With a config of its own."""
    assert setting("ExecStart") == ["/opt/edged/venv/bin/edged hub --config /etc/edged/hub.yaml"]
