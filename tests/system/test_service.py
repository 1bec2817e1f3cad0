"""The service: install, start, password, reinstall, uninstall.

``make test-systemd`` runs these and the other service tests; they are deselected otherwise.
"""

import json
from pathlib import Path

import pytest

from edged.config.structs import Mqtt
from edged.mqtt.subscriber import Subscriber
from tests.parts.broker.mosquitto import Mosquitto, idle_mosquitto, wait_until  # noqa: F401 -- a fixture
from tests.parts.system.container import Container
from tests.parts.system.installed import CONFIG, PASSWORD, UNIT, config, restart

pytestmark = pytest.mark.systemd

LINK = "/usr/local/bin/edged"
COMPLETION = "/usr/local/share/bash-completion/completions/edged"


def test_install_starts_the_service(service: Container) -> None:
    """READY follows the first sound, the status is readable, and the service is enabled at boot."""
    assert service.unit_property(UNIT, "ActiveState") == "active"
    assert service.unit_property(UNIT, "StatusText").startswith("Listening to default")
    assert service.unit_property(UNIT, "User") == "edged"
    assert service.systemctl("is-enabled", UNIT) == "enabled"


def test_command_is_on_the_path(service: Container) -> None:
    """`edged` on the PATH is the installed one; a foreign file of that name is kept."""
    assert service.run("readlink", "/usr/local/bin/edged").stdout == "/opt/edged/venv/bin/edged\n"
    assert service.run("edged", "--version").stdout.startswith("edged ")
    service.make("uninstall")
    assert service.run("test", "-L", "/usr/local/bin/edged", check=False).returncode == 1
    service.write("/usr/local/bin/edged", "not ours\n")
    assert "is not a link to this program" in service.make("install").stderr
    service.make("uninstall")
    assert service.run("cat", "/usr/local/bin/edged").stdout == "not ours\n"
    service.run("rm", "/usr/local/bin/edged")
    service.make("install")


def test_command_has_the_config_of_the_service_and_completion(service: Container) -> None:
    """`edged check` uses the service's config, bash has its completion, and the journal gets priorities."""
    assert CONFIG in service.run(LINK, "check", check=False).stdout.splitlines()[0]
    assert "complete" in service.run("cat", COMPLETION).stdout
    journal = service.run("journalctl", "-u", UNIT, "--output=json", "--output-fields=PRIORITY,MESSAGE").stdout
    lines = [json.loads(line) for line in journal.splitlines()]
    started = next(line for line in lines if f"starts: config {CONFIG}, node " in line["MESSAGE"])
    assert started["PRIORITY"] == "6"
    assert started["MESSAGE"].startswith("edged ")


def test_absent_microphone_is_a_stated_degraded_start(service: Container) -> None:
    """Without a microphone the service is ready too, with a status that says what it waits for."""
    restart(service, config(audio="{device: no such thing}"))
    assert service.unit_property(UNIT, "ActiveState") == "active"
    assert service.unit_property(UNIT, "StatusText").startswith("No sound (offline): ")
    assert "no such thing" in service.unit_property(UNIT, "StatusText")


def test_install_again_keeps_what_was_configured(service: Container) -> None:
    """A reinstall keeps config and password, checks them, and restarts the process."""
    service.write(CONFIG, config(node="attic"))
    service.write(PASSWORD, "secret\n")
    before = service.unit_property(UNIT, "MainPID")
    done = service.make("install")
    checked = {line.split()[0]: line.split()[1:4] for line in done.stdout.splitlines()}
    assert checked["config"][0] == "OK"
    assert checked["state"][:2] == ["OK", "/var/lib/edged,"]
    assert service.run("cat", CONFIG, PASSWORD).stdout == config(node="attic") + "secret\n"
    assert service.run("stat", "-c", "%U %a", PASSWORD).stdout == "root 600\n"
    assert service.unit_property(UNIT, "ActiveState") == "active"
    assert service.unit_property(UNIT, "MainPID") != before


def test_credential_reaches_the_broker(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
    tmp_path: Path,
) -> None:
    """A broker with authentication gets the password from root's file."""
    idle_mosquitto.start({"device": "secret", "reader": "other"})
    service.write(PASSWORD, "secret\n")
    restart(service, config(node="cellar", mqtt=f"{{host: 127.0.0.1, port: {idle_mosquitto.port}, username: device}}"))
    (tmp_path / "password").write_text("other")
    reader = Mqtt(
        host="127.0.0.1", port=idle_mosquitto.port, username="reader", password_file=str(tmp_path / "password")
    )
    received: list[tuple[str, bytes]] = []
    with Subscriber(reader, "cellar") as subscriber:

        def online() -> bool:
            if message := subscriber.received(0.1):
                received.append((message.topic, message.payload))
            return ("edged/cellar/availability", b"online") in received

        wait_until(online, "the node is online")


def test_uninstall_takes_devices_away_from_home_assistant(
    service: Container,
    idle_mosquitto: Mosquitto,  # noqa: F811
) -> None:
    """Uninstall removes the retained discovery of device and places; it also works without a broker."""
    idle_mosquitto.start()
    broker = f"{{host: 127.0.0.1, port: {idle_mosquitto.port}}}"
    latest: dict[str, bytes] = {}
    with Subscriber(Mqtt(host="127.0.0.1", port=idle_mosquitto.port, root="homeassistant")) as subscriber:
        assert subscriber.wait_connected(60)

        def discovery_is(*, empty: bool) -> bool:
            if message := subscriber.received(0.1):
                latest[message.topic] = message.payload
            return len(latest) == 2 and all(empty == (payload == b"") for payload in latest.values())

        restart(service, config(mqtt=broker))
        service.write("/etc/edged/hub.yaml", f"mqtt: {broker}\nhub: {{places: {{kitchen: {{voice: [attic]}}}}}}\n")
        service.systemctl("start", "edged-hub")
        wait_until(lambda: discovery_is(empty=False), "the discovery")
        assert "homeassistant/device/edged_place_kitchen/config" in latest
        service.make("uninstall")
        wait_until(lambda: discovery_is(empty=True), "its end", 60)
    service.run("rm", "/etc/edged/hub.yaml")
    idle_mosquitto.stop()
    service.make("install")
    service.make("uninstall")
    assert service.run("test", "-e", "/opt/edged", check=False).returncode == 1
    service.make("install")


def test_uninstall_finds_another_prefix(service: Container) -> None:
    """`make install` and `make uninstall` without PREFIX take the folder of the unit, and nothing is left in it."""
    service.make("uninstall")
    service.make("install", "PREFIX=/srv/edged")
    assert service.run("readlink", LINK).stdout == "/srv/edged/venv/bin/edged\n"
    assert "program to /srv/edged/venv" in service.make("install").stderr
    service.make("uninstall")
    assert service.run("test", "-e", "/srv/edged", check=False).returncode == 1
    service.make("install")
    assert service.run("readlink", LINK).stdout == "/opt/edged/venv/bin/edged\n"


def test_uninstall_keeps_config_and_state(service: Container) -> None:
    """Uninstall removes program and process and keeps the config; a repeat changes nothing; install works again."""
    restart(service, config(node="attic"))
    for _ in range(2):
        service.make("uninstall")
        assert service.run("test", "-e", f"/etc/systemd/system/{UNIT}.service", check=False).returncode == 1
        assert service.run("test", "-e", "/opt/edged", check=False).returncode == 1
        assert service.run("test", "-L", LINK, check=False).returncode == 1
        assert service.run("test", "-e", COMPLETION, check=False).returncode == 1
        assert service.run("find", "/proc", "-maxdepth", "1", "-user", "edged").stdout == ""
        assert service.run("cat", CONFIG).stdout == config(node="attic")
        assert service.run("stat", "-c", "%U", "/var/lib/edged").stdout == "edged\n"
    service.make("install")
    assert service.unit_property(UNIT, "ActiveState") == "active"
