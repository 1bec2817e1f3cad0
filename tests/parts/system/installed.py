"""The installed service: installed by make, run by a real systemd in a Debian container; fixtures.

    Container ◄──pulseaudio over loopback── VirtualMicrophone
        └── make install ──► service: restart(service, config(…))

Requires root, systemd-nspawn and debootstrap, which ``make test-systemd`` installs; all tests share one container.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from tests.parts.broker.mosquitto import free_port
from tests.parts.sound.pulse import VirtualMicrophone
from tests.parts.sound.speech import RATE_HZ
from tests.parts.system.container import Container
from tests.parts.system.debian import debian_root

UNIT = "edged"
CONFIG, PASSWORD = "/etc/edged/config.yaml", "/etc/edged/mqtt_password"
WATCHDOG_S = 5  # instead of the unit's 30, to keep the test short
SOUND_S = 1200


@pytest.fixture(scope="session")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A fresh Debian whose microphone is the host's pulseaudio."""
    missing = [name for name in ("debootstrap", "systemd-nspawn", "nsenter") if shutil.which(name) is None]
    assert not missing, f"needs {', '.join(missing)}: make test-systemd installs it"
    assert os.geteuid() == 0, "needs root, for systemd-nspawn: sudo make test-systemd"
    dpkg = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True)
    log = tmp_path_factory.mktemp("container") / "boot.log"
    with Container(debian_root(dpkg.stdout.strip()), log) as booted:
        yield booted


@pytest.fixture(scope="session")
def microphone(container: Container, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMicrophone]:
    """A microphone that plays noise; the container reaches it over loopback."""
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


@pytest.fixture(scope="session")
def service(container: Container, microphone: VirtualMicrophone) -> Container:
    """The container with the service installed."""
    del microphone
    container.write(CONFIG, config())
    container.make("install")
    return container


def config(**changed: str) -> str:
    """Config with the microphone and without a broker, plus ``changed`` sections."""
    sections = {"audio": "{device: default}", "mqtt": "{host: 127.0.0.1, port: 1}", **changed}
    return "".join(f"{key}: {value}\n" for key, value in sections.items())


def restart(service: Container, text: str) -> None:
    """Restart the service with this config and wait until it is ready."""
    service.write(CONFIG, text)
    service.systemctl("reset-failed", UNIT)
    service.systemctl("restart", UNIT)
