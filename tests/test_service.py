"""The service as a device has it: installed by make, run by a real systemd, in a container of Debian.

``make test-systemd`` runs these; they need root, systemd-nspawn and debootstrap, and are deselected otherwise.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edged.config import Mqtt
from edged.mqtt.subscriber import Subscriber
from tests.container import Container
from tests.debian import REPOSITORY, made_root
from tests.mosquitto import Mosquitto, free_port, idle_mosquitto, wait_until  # noqa: F401 -- a fixture
from tests.pulse import VirtualMicrophone
from tests.speech import RATE_HZ

pytestmark = pytest.mark.systemd

UNIT = "edged"
CONFIG, PASSWORD = "/etc/edged/config.yaml", "/etc/edged/mqtt_password"
WATCHDOG_S = 5  # instead of the unit's 30, for the sake of the test's time
SOUND_S = 1200
PROBE = REPOSITORY / "tests" / "sandbox_probe.py"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A fresh Debian whose microphone is the host's pulseaudio."""
    missing = [name for name in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(name) is None]
    assert not missing, f"needs {', '.join(missing)}: make test-systemd installs it"
    assert os.geteuid() == 0, "needs root, for systemd-nspawn: sudo make test-systemd"
    asked = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True)
    log = tmp_path_factory.mktemp("container") / "boot.log"
    with Container(made_root(asked.stdout.strip()), log) as booted:
        yield booted


@pytest.fixture(scope="module")
def microphone(container: Container, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMicrophone]:
    """A microphone that hears noise; the container reaches it over loopback."""
    noise = tmp_path_factory.mktemp("noise") / "noise.wav"
    sound = np.random.default_rng(1).normal(0, 0.001, SOUND_S * RATE_HZ).astype(np.float32)
    soundfile.write(noise, sound, RATE_HZ)
    with VirtualMicrophone() as plugged:
        port = free_port()
        module = ["module-native-protocol-tcp", "listen=127.0.0.1", f"port={port}", "auth-anonymous=1"]
        subprocess.run(["pactl", "load-module", *module], check=True, env=plugged.environment, capture_output=True)
        plugged.play(noise)
        container.write("/etc/asound.conf", f'pcm.!default {{ type pulse server "tcp:127.0.0.1:{port}" }}\n')
        container.write(
            f"/etc/systemd/system/{UNIT}.service.d/test.conf",
            f"[Service]\nWatchdogSec={WATCHDOG_S}\nRestartSec=1\n",
        )
        yield plugged


@pytest.fixture(scope="module")
def service(container: Container, microphone: VirtualMicrophone) -> Container:
    """The container with the service installed."""
    del microphone
    container.write(CONFIG, config())
    container.make("install")
    return container


def config(**changed: str) -> str:
    """A config that reaches the microphone and no broker, with ``changed`` sections."""
    sections = {"audio": "{device: default}", "mqtt": "{host: 127.0.0.1, port: 1}", **changed}
    return "".join(f"{key}: {value}\n" for key, value in sections.items())


def restart(service: Container, text: str) -> None:
    """Starts the service anew with this config; it is ready afterwards."""
    service.write(CONFIG, text)
    service.systemctl("reset-failed", UNIT)
    service.systemctl("restart", UNIT)


def probed(service: Container, *settings: str) -> dict[str, Any]:
    """What the probe finds in a unit that is the service's, but for its program and for ``settings``."""
    service.write("/usr/local/share/probe.py", PROBE.read_text())
    unit = service.ran("cat", f"/etc/systemd/system/{UNIT}.service").stdout.splitlines()
    other = ("Type=", "NotifyAccess=", "Exec", "Restart", "WatchdogSec=")
    lines = [line for line in unit if not line.startswith(other)]
    place = lines.index("[Service]") + 1
    program = "/opt/edged/venv/bin/python /usr/local/share/probe.py"
    lines[place:place] = ["Type=oneshot", f"ExecStart={program}", "StandardOutput=truncate:/run/probe.json", *settings]
    service.write("/etc/systemd/system/probe.service", "\n".join(lines) + "\n")
    service.systemctl("daemon-reload")
    service.systemctl("start", "probe")
    found: dict[str, Any] = json.loads(service.ran("cat", "/run/probe.json").stdout)
    return found


def test_install_starts_the_service(service: Container) -> None:
    """READY came with the first sound, the status is in words, and the next boot starts it too."""
    assert service.shown(UNIT, "ActiveState") == "active"
    assert service.shown(UNIT, "StatusText").startswith("Listening to default")
    assert service.shown(UNIT, "User") == "edged"
    assert service.systemctl("is-enabled", UNIT) == "enabled"


def test_absent_microphone_is_a_stated_degraded_start(service: Container) -> None:
    """READY all the same, with the status saying what is waited for."""
    restart(service, config(audio="{device: no such thing}"))
    assert service.shown(UNIT, "ActiveState") == "active"
    assert service.shown(UNIT, "StatusText").startswith("No sound (offline): ")
    assert "no such thing" in service.shown(UNIT, "StatusText")


def test_install_again_keeps_what_was_configured(service: Container) -> None:
    """Once more: config and password stay as they are, check has looked at them, and a new process runs."""
    service.write(CONFIG, config(node="attic"))
    service.write(PASSWORD, "secret\n")
    before = service.shown(UNIT, "MainPID")
    done = service.make("install")
    assert ["config", "OK"] in [line.split()[:2] for line in done.stdout.splitlines()]
    assert service.ran("cat", CONFIG, PASSWORD).stdout == config(node="attic") + "secret\n"
    assert service.ran("stat", "-c", "%U %a", PASSWORD).stdout == "root 600\n"
    assert service.shown(UNIT, "ActiveState") == "active"
    assert service.shown(UNIT, "MainPID") != before


def test_credential_reaches_the_broker(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A broker that wants a password gets the one in root's file."""
    idle_mosquitto.start({"device": "secret", "reader": "other"})
    service.write(PASSWORD, "secret\n")
    restart(service, config(node="cellar", mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}, username: device}}"))
    (tmp_path / "password").write_text("other")
    reader = Mqtt(
        host="127.0.0.1", port=idle_mosquitto.port, username="reader", password_file=str(tmp_path / "password")
    )
    heard: list[tuple[str, bytes]] = []
    with Subscriber(reader, "cellar") as subscriber:

        def online() -> bool:
            if message := subscriber.received(0.1):
                heard.append((message.topic, message.payload))
            return ("edged/cellar/availability", b"online") in heard

        wait_until(online, "the node is online")


def test_exposure_of_the_running_service_is_low(service: Container) -> None:
    """As the container's own systemd judges it, drop-ins and all."""
    service.ran("systemd-analyze", "security", "--no-pager", "--threshold=15", UNIT)


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
    service.ran("mkdir", "-p", "/dev/snd")
    service.ran("mknod", "-m", "660", "/dev/snd/probe", "c", "10", "229", check=False)  # fuse stands in
    service.ran("chgrp", "audio", "/dev/snd/probe")
    assert probed(service)["sound_device"] == "EPERM"
    assert probed(service, "DeviceAllow=char-misc rw")["sound_device"] == "ok"
    service.ran("gpasswd", "--delete", "edged", "audio")
    try:
        assert probed(service, "DeviceAllow=char-misc rw")["sound_device"] == "EACCES"
    finally:
        service.ran("usermod", "--append", "--groups", "audio", "edged")


def test_reload_changes_what_can_change_live(service: Container) -> None:
    """``systemctl reload``: the same process goes on with the new threshold, and names what needs a restart."""
    restart(service, config())
    before = service.shown(UNIT, "MainPID")
    service.write(CONFIG, config(node="attic", gate="{margin_db: 20}"))
    service.systemctl("reload", UNIT)
    line = "config read again: gate.margin_db 12.0 -> 20.0; needs a restart: node"
    wait_until(lambda: line in service.journal(UNIT), line)
    wait_until(lambda: service.shown(UNIT, "ActiveState") == "active", "active again")
    assert service.shown(UNIT, "MainPID") == before


def test_reload_refuses_a_faulty_config(service: Container) -> None:
    """The fault stands in one line, and the same process goes on."""
    restart(service, config())
    before = service.shown(UNIT, "MainPID")
    service.write(CONFIG, config(gate="{margin_db: loud}"))
    service.systemctl("reload", UNIT)
    line = "config refused, the one before goes on: /etc/edged/config.yaml: gate.margin_db is 'loud', expected a number"
    wait_until(lambda: line in service.journal(UNIT), line)
    wait_until(lambda: service.shown(UNIT, "ActiveState") == "active", "active again")
    assert service.shown(UNIT, "MainPID") == before


def test_hung_pipeline_is_restarted_by_the_watchdog(service: Container) -> None:
    """A process that stands still feeds nothing: systemd ends it and starts another, which hears again."""
    restart(service, config())
    hung = service.shown(UNIT, "MainPID")
    service.systemctl("kill", "--signal=STOP", UNIT)
    wait_until(lambda: service.shown(UNIT, "MainPID") not in {hung, "0"}, "another process", 60)
    wait_until(lambda: service.shown(UNIT, "StatusText").startswith("Listening"), "it listens", 60)
    assert int(service.shown(UNIT, "NRestarts")) == 1
    assert "watchdog" in service.journal(UNIT).lower()


def test_fed_watchdog_leaves_a_working_pipeline_alone(service: Container) -> None:
    """Longer than the watchdog's time without a restart."""
    restart(service, config(health_s="5"))
    before = service.shown(UNIT, "MainPID")
    began_s = time.monotonic()
    wait_until(lambda: time.monotonic() - began_s > 2.5 * WATCHDOG_S, "two and a half times the watchdog's time", 60)
    assert service.shown(UNIT, "MainPID") == before
    assert " windows, " in service.shown(UNIT, "StatusText")


def test_wrong_config_is_not_tried_again(service: Container) -> None:
    """Status 78 ends it: failed, not waiting for a restart, with the fault in the log; corrected, it starts."""
    service.write(CONFIG, config(health_s="soon"))
    service.systemctl("restart", UNIT, check=False)
    assert service.shown(UNIT, "SubState") == "failed"
    assert service.shown(UNIT, "ExecMainStatus") == "78"
    assert service.shown(UNIT, "NRestarts") == "0"
    assert "health_s is 'soon', expected a whole number" in service.journal(UNIT)
    restart(service, config())
    assert service.shown(UNIT, "ActiveState") == "active"


def test_killed_daemon_is_started_again(service: Container) -> None:
    """SIGKILL, as by the kernel when memory is short."""
    restart(service, config())
    killed = service.shown(UNIT, "MainPID")
    service.systemctl("kill", "--signal=KILL", UNIT)
    wait_until(lambda: service.shown(UNIT, "MainPID") not in {killed, "0"}, "another process", 30)
    wait_until(lambda: service.shown(UNIT, "ActiveState") == "active", "active", 30)


def test_stop_takes_at_most_five_seconds_with_broker_and_microphone_hung(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
    microphone: VirtualMicrophone,
) -> None:
    """Neither the one nor the other answers any more, and SIGTERM still ends the daemon in time."""
    idle_mosquitto.start()
    restart(service, config(mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}}}"))
    wait_until(lambda: ": connected" in service.journal(UNIT).rpartition("Starting")[2], "connected")
    idle_mosquitto.pause()
    microphone.freeze()
    try:
        began_s = time.monotonic()
        service.systemctl("stop", UNIT)
        assert time.monotonic() - began_s < 6
    finally:
        microphone.thaw()
    assert service.shown(UNIT, "SubState") in {"dead", "failed"}


def test_uninstall_takes_the_device_away_from_home_assistant(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
) -> None:
    """What the broker kept of it for Home Assistant is emptied; without a broker it is uninstalled all the same."""
    idle_mosquitto.start()
    with Subscriber(Mqtt(host="127.0.0.1", port=idle_mosquitto.port, root="homeassistant")) as subscriber:
        assert subscriber.wait_connected(15)

        def came(*, empty: bool) -> bool:
            message = subscriber.received(0.1)
            return (
                message is not None
                and message.topic.startswith("homeassistant/device/")
                and empty == (message.payload == b"")
            )

        restart(service, config(mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}}}"))
        wait_until(lambda: came(empty=False), "the discovery", 60)
        service.make("uninstall")
        wait_until(lambda: came(empty=True), "its end")
    idle_mosquitto.stop()
    service.make("install")
    service.make("uninstall")
    assert service.ran("test", "-e", "/opt/edged", check=False).returncode == 1
    service.make("install")


def test_uninstall_keeps_config_and_state(service: Container) -> None:
    """Program and process are gone, the config is as it was; a second time changes nothing; install starts anew."""
    restart(service, config(node="attic"))
    for _ in range(2):
        service.make("uninstall")
        assert service.ran("test", "-e", f"/etc/systemd/system/{UNIT}.service", check=False).returncode == 1
        assert service.ran("test", "-e", "/opt/edged", check=False).returncode == 1
        assert service.ran("find", "/proc", "-maxdepth", "1", "-user", "edged").stdout == ""
        assert service.ran("cat", CONFIG).stdout == config(node="attic")
        assert service.ran("stat", "-c", "%U", "/var/lib/edged").stdout == "edged\n"
    service.make("install")
    assert service.shown(UNIT, "ActiveState") == "active"
