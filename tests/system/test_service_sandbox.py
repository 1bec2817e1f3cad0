"""The service's sandbox: from outside as systemd judges it, and from inside as a program finds it.

a unit with the service's settings ──► sandbox_probe.py ──► what it may do
"""

import json
from typing import Any

import pytest

from tests.parts.system.container import Container
from tests.parts.system.debian import REPOSITORY
from tests.parts.system.installed import PASSWORD, UNIT

pytestmark = pytest.mark.systemd

PROBE = REPOSITORY / "tests" / "sandbox_probe.py"


def probed(service: Container, *settings: str) -> dict[str, Any]:
    """What the probe finds in a unit that is the service's, but for its program and for ``settings``."""
    service.write("/usr/local/share/probe.py", PROBE.read_text())
    unit = service.run("cat", f"/etc/systemd/system/{UNIT}.service").stdout.splitlines()
    other = ("Type=", "NotifyAccess=", "Exec", "Restart", "WatchdogSec=")
    lines = [line for line in unit if not line.startswith(other)]
    place = lines.index("[Service]") + 1
    program = "/opt/edged/venv/bin/python /usr/local/share/probe.py"
    lines[place:place] = ["Type=oneshot", f"ExecStart={program}", "StandardOutput=truncate:/run/probe.json", *settings]
    service.write("/etc/systemd/system/probe.service", "\n".join(lines) + "\n")
    service.systemctl("daemon-reload")
    service.systemctl("start", "probe")
    found: dict[str, Any] = json.loads(service.run("cat", "/run/probe.json").stdout)
    return found


def test_exposure_of_the_running_service_is_low(service: Container) -> None:
    """As the container's own systemd judges it, drop-ins and all."""
    service.run("systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT)


def test_sandbox_keeps_what_is_not_its_own(service: Container) -> None:
    """From inside: it writes to its state and its own /tmp only, has no executable memory it can write, no rights."""
    service.write(PASSWORD, "secret\n")
    found = probed(service)
    assert found["user"] != 0
    assert found["state"] == "/var/lib/edged"
    assert found["credential"] == "secret\n"
    assert found["root_only"] == "EACCES"
    assert {folder for folder, result in found["written"].items() if result == "ok"} == {"/var/lib/edged", "/tmp"}  # noqa: S108
    assert found["write_execute"] in {"EPERM", "EACCES"}
    assert found["made_executable"] in {"EPERM", "EACCES"}
    assert found["packet_socket"] in {"EAFNOSUPPORT", "EPERM"}
    assert found["tcp_socket"] == "ok"
    assert found["setuid"] == "EPERM"
    assert found["clock"] == "EPERM"
    assert found["home"] in {"EACCES", "EPERM"}
    assert found["processes_of_others"] == 0
    assert found["cpuinfo"] == "ok"
    assert (int(found["status"]["CapEff"], 16), int(found["status"]["CapBnd"], 16)) == (0, 0)
    assert (found["status"]["NoNewPrivs"], found["status"]["Seccomp"]) == ("1", "2")


def test_sandbox_opens_devices_of_an_allowed_class_to_the_audio_group(service: Container) -> None:
    """As ALSA's would be, on a kernel that may have none here: a class by name, next to ProtectClock's own rule."""
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
