"""The service's sandbox: its rating by systemd, and its effect on a program inside.

a unit with the service's settings ──► sandbox_probe.py ──► what it may do
"""

import json
from typing import Any

import pytest

from tests.parts.system.container import Container
from tests.parts.system.debian import REPOSITORY
from tests.parts.system.installed import PASSWORD, UNIT

pytestmark = pytest.mark.systemd

PROBE = REPOSITORY / "tests" / "parts" / "system" / "sandbox_probe.py"


def probed(service: Container, *settings: str) -> dict[str, Any]:
    """Results of the probe in a unit like the service's, with another program and ``settings``."""
    service.write("/usr/local/share/probe.py", PROBE.read_text())
    unit = service.run("cat", f"/etc/systemd/system/{UNIT}.service").stdout.splitlines()
    other = ("Type=", "NotifyAccess=", "Exec", "Restart", "WatchdogSec=")
    lines = [line for line in unit if not line.startswith(other)]
    index = lines.index("[Service]") + 1
    program = "/opt/edged/venv/bin/python /usr/local/share/probe.py"
    lines[index:index] = ["Type=oneshot", f"ExecStart={program}", "StandardOutput=truncate:/run/probe.json", *settings]
    service.write("/etc/systemd/system/probe.service", "\n".join(lines) + "\n")
    service.systemctl("daemon-reload")
    service.systemctl("start", "probe")
    probe: dict[str, Any] = json.loads(service.run("cat", "/run/probe.json").stdout)
    return probe


def test_exposure_of_the_running_service_is_low(service: Container) -> None:
    """The container's own systemd rates it, drop-ins included."""
    service.run("systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT)


def test_sandbox_keeps_what_is_not_its_own(service: Container) -> None:
    """A program inside writes only to its state and its own /tmp, gets no writable executable memory and no rights."""
    service.write(PASSWORD, "secret\n")
    probe = probed(service)
    assert probe["user"] != 0
    assert probe["state"] == "/var/lib/edged"
    assert probe["credential"] == "secret\n"
    assert probe["root_only"] == "EACCES"
    assert {folder for folder, result in probe["written"].items() if result == "ok"} == {"/var/lib/edged", "/tmp"}  # noqa: S108
    assert probe["write_execute"] in {"EPERM", "EACCES"}
    assert probe["made_executable"] in {"EPERM", "EACCES"}
    assert probe["packet_socket"] in {"EAFNOSUPPORT", "EPERM"}
    assert probe["tcp_socket"] == "ok"
    assert probe["setuid"] == "EPERM"
    assert probe["clock"] == "EPERM"
    assert probe["home"] in {"EACCES", "EPERM"}
    assert probe["processes_of_others"] == 0
    assert probe["cpuinfo"] == "ok"
    assert (int(probe["status"]["CapEff"], 16), int(probe["status"]["CapBnd"], 16)) == (0, 0)
    assert (probe["status"]["NoNewPrivs"], probe["status"]["Seccomp"]) == ("1", "2")


def test_sandbox_opens_devices_of_an_allowed_class_to_the_audio_group(service: Container) -> None:
    """A device class allowed by name works next to ProtectClock's own rule; the kernel here may lack ALSA devices."""
    service.run("mkdir", "-p", "/dev/snd")
    service.run("mknod", "-m", "660", "/dev/snd/probe", "c", "10", "229", check=False)  # fuse stands in
    service.run("chgrp", "audio", "/dev/snd/probe")
    assert probed(service)["sound_device"] == "EPERM"
    assert probed(service, "DeviceAllow=char-misc rw")["sound_device"] == "ok"
    service.run("gpasswd", "--delete", "edged", "audio")
    try:
        assert probed(service, "DeviceAllow=char-misc rw")["sound_device"] == "EACCES"
    finally:
        service.run("usermod", "--append", "--groups", "audio", "edged")
