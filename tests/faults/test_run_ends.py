"""SIGTERM under every fault: ``edged run`` ends in time, ends its episode, and the broker reports it offline.

    an episode runs ──fault──► SIGTERM ──► status 0; event/end at the broker or in the outbox; availability offline

Status 0 means in time: a shutdown that takes longer than 4.5 s ends with 1 (``signals.py``).
"""

import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from edged.contract.payloads import EpisodeEnd, EpisodeStart
from edged.demo.sample import SAMPLE
from edged.outbox.database import FILE
from edged.outbox.reader import history
from tests.parts.broker.mosquitto import WITHIN_S, Mosquitto, idle_mosquitto, mosquitto, wait_until
from tests.parts.broker.relay import Relay
from tests.parts.faults.disk import Disk, card
from tests.parts.sound.pulse import VirtualMicrophone, virtual_microphone
from tests.parts.system.running import Service, running

__all__ = ["card", "idle_mosquitto", "mosquitto", "virtual_microphone"]


_EVENT = msgspec.json.Decoder(EpisodeStart | EpisodeEnd)
# Every leading label becomes an episode, and a pause does not end it.
_EPISODES = "tracker: {enter: 0, leave: 0, margin: 0, min_duration_s: 0, span_s: 20}\n"


@dataclass
class Parts:
    """Everything that can fail of one running device."""

    service: Service
    broker: Mosquitto
    relay: Relay
    microphone: VirtualMicrophone
    folder: Path
    state: Path

    def wait_for_log(self, words: str) -> None:
        """Wait until the log contains ``words``."""
        wait_until(lambda: words in (self.folder / "log").read_text(), f"{words!r} in the log")

    def refuse(self) -> None:
        """Change the password at the broker."""
        passwords = self.folder / "passwords"
        passwords.write_text("lab:another\n")
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
        self.broker.kill()
        self.broker.start(further=[f"password_file {passwords}"])
        self.wait_for_log("refused (")

    def cut_off(self) -> None:
        """Cut the connection to the broker."""
        self.relay.lets_in = False
        self.relay.cut()
        self.wait_for_log("out of reach (")

    def swallow(self) -> None:
        """Drop all data while connections stay open."""
        self.relay.swallows = True

    def damage(self) -> None:
        """Overwrite the outbox with random bytes."""
        for file in (self.state / FILE, self.state / f"{FILE}-journal"):
            with file.open("r+b") as content:
                content.write(random.Random(3).randbytes(file.stat().st_size))  # noqa: S311 -- arbitrary bytes


@contextmanager
def device(broker: Mosquitto, microphone: VirtualMicrophone, folder: Path, disk: Disk | None = None) -> Iterator[Parts]:
    """A device that listens to a conversation, with an episode in progress."""
    (folder / "password").write_text("right")
    login = f", username: lab, password_file: {folder / 'password'}"
    state = folder / "state" if disk is None else disk.place
    # Each event is written at once, so a failing disk is noticed soon.
    more = f"{_EPISODES}outbox: {{commit_s: 0.1}}\n"
    with (
        Relay(broker.port).start() as relay,
        running(microphone, broker, folder, port=relay.port, mqtt=login, state_dir=state, more=more) as service,
    ):
        service.wait_for_sound()
        microphone.play(SAMPLE)
        service.wait_for_event()
        yield Parts(service, broker, relay, microphone, folder, state)


def open_episodes(events: list[EpisodeStart | EpisodeEnd]) -> set[str]:
    """Ids of episodes that started and did not end; at least one has started."""
    began = {event.episode_id for event in events if isinstance(event, EpisodeStart)}
    assert began
    return began - {event.episode_id for event in events if isinstance(event, EpisodeEnd)}


def in_outbox(state: Path) -> list[EpisodeStart | EpisodeEnd]:
    """Every event in the outbox."""
    return [_EVENT.decode(payload) for payload, _ in history(state / FILE)]


FAR: dict[str, Callable[[Parts], None]] = {
    "stopped": lambda parts: parts.broker.pause(),
    "killed": lambda parts: parts.broker.kill(),
    "refusing the password": Parts.refuse,
    "away": Parts.cut_off,
    "deaf": Parts.swallow,
}


@pytest.mark.parametrize("fault", FAR)
def test_sigterm_while_the_broker_is(
    mosquitto: Mosquitto, virtual_microphone: VirtualMicrophone, tmp_path: Path, fault: str
) -> None:
    """The episode's end waits in the outbox; a frozen or cut-off broker reports offline later."""
    with device(mosquitto, virtual_microphone, tmp_path) as parts:
        FAR[fault](parts)
        parts.service.daemon.send_signal(signal.SIGTERM)
        assert parts.service.daemon.wait(WITHIN_S) == 0
        assert not open_episodes(in_outbox(parts.state))
        if fault in {"stopped", "away", "deaf"}:
            mosquitto.resume()
            parts.service.wait_for_offline()


NEAR: dict[str, Callable[[Parts], object]] = {
    "well": lambda _parts: None,
    "microphone taken away": lambda parts: parts.microphone.kill(),
    "microphone frozen": lambda parts: parts.microphone.freeze(),
    "outbox damaged": Parts.damage,
    "folder gone": lambda parts: shutil.rmtree(parts.state),
}


@pytest.mark.parametrize("fault", NEAR)
def test_sigterm_with_a_broker_and(
    mosquitto: Mosquitto, virtual_microphone: VirtualMicrophone, tmp_path: Path, fault: str
) -> None:
    """The broker gets the episode's end, then offline."""
    with device(mosquitto, virtual_microphone, tmp_path) as parts:
        NEAR[fault](parts)
        parts.service.daemon.send_signal(signal.SIGTERM)
        assert parts.service.wait_for_end(WITHIN_S) == 0
        assert not open_episodes(parts.service.events)


CARD: dict[str, Callable[[Disk], None]] = {"full": Disk.fill, "read-only": Disk.break_off}


@pytest.mark.parametrize("fault", CARD)
def test_sigterm_with_a_disk_that_turns(
    mosquitto: Mosquitto, virtual_microphone: VirtualMicrophone, tmp_path: Path, card: Disk, fault: str
) -> None:
    """All events reach the broker from memory."""
    with device(mosquitto, virtual_microphone, tmp_path, card) as parts:
        CARD[fault](card)
        parts.service.daemon.send_signal(signal.SIGTERM)
        assert parts.service.wait_for_end(WITHIN_S) == 0
        assert not open_episodes(parts.service.events)


def test_sigterm_with_a_disk_that_hangs(
    mosquitto: Mosquitto, virtual_microphone: VirtualMicrophone, tmp_path: Path, card: Disk
) -> None:
    """The broker gets all events; only the hung write remains, which the kernel alone can end."""
    with device(mosquitto, virtual_microphone, tmp_path, card) as parts:
        daemon = parts.service.daemon
        card.freeze()
        daemon.send_signal(signal.SIGTERM)
        parts.service.wait_for_offline()
        assert not open_episodes(parts.service.events)
        state = Path(f"/proc/{daemon.pid}/stat")
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "Z", "the end, except for the hung write")
        card.thaw()
        assert daemon.wait(WITHIN_S) == 0
