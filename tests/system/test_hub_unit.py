"""The hub's unit file: its sandbox beside the daemon's, and consistency with the program."""

import re
from pathlib import Path

from edged.errors import ConfigError
from edged.mqtt.security.password import CREDENTIAL
from edged.mqtt.security.tls import KEY_CREDENTIAL
from tests.system.test_unit import HUB, setting
from tests.system.test_unit import UNIT as DAEMON

_OF_THE_MICROPHONE = {"DeviceAllow=char-alsa rw"}


def sandbox(unit: Path) -> set[str]:
    """The settings of the sandbox, which are the last of a unit's section Service."""
    service = unit.read_text().partition("# The sandbox")[2].partition("[Install]")[0]
    return {line for line in service.splitlines() if re.match(r"[A-Z]\w+=", line)}


def test_sandbox_is_the_daemons_without_a_microphone() -> None:
    """It has all that the daemon's has, and no device."""
    assert sandbox(DAEMON) - sandbox(HUB) == _OF_THE_MICROPHONE
    assert sandbox(HUB) - sandbox(DAEMON) == {"PrivateDevices=yes"}


def test_sentences_never_reach_a_disk() -> None:
    """Memory, which holds them for a moment, reaches no core dump and no swap; there is no folder to write to."""
    assert setting("LimitCORE", HUB) == ["0"]
    assert setting("MemorySwapMax", HUB) == ["0"]
    assert setting("StateDirectory", HUB) == []


def test_statuses_and_credentials_are_the_programs() -> None:
    """A wrong config causes no restart; credentials match the program's, and a missing file is an empty line."""
    assert setting("RestartPreventExitStatus", HUB) == [str(ConfigError.exit_status)]
    names = (CREDENTIAL, KEY_CREDENTIAL, "agent_key")
    assert setting("LoadCredential", HUB) == [f"{name}:/etc/edged/{name}" for name in names]
    assert setting("SetCredential", HUB) == [rf"{name}:\n" for name in names]


def test_unit_runs_the_hub() -> None:
    """With a config of its own."""
    assert setting("ExecStart", HUB) == ["/opt/edged/venv/bin/edged hub --config /etc/edged/hub.yaml"]
