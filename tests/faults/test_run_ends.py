"""SIGTERM under every fault: ``edged run`` ends in time, its running episode too, and the broker knows that it is gone.

    an episode runs ──fault──► SIGTERM ──► status 0; event/end at the broker or in the outbox; availability offline

Status 0 says that it was in time: what is not at its end 4.5 s after the signal ends with 1 (``signals.py``).
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
# Whatever leads is an episode, and a pause does not end it.
_EPISODES = "tracker: {enter: 0, leave: 0, margin: 0, min_duration_s: 0, span_s: 20}\n"


@dataclass
class Parts:
    """All that can fail of one running device."""

    service: Service
    broker: Mosquitto
    relay: Relay
    microphone: VirtualMicrophone
    folder: Path
    state: Path

    def log_says(self, words: str) -> None:
        """Returns when it does."""
        wait_until(lambda: words in (self.folder / "log").read_text(), f"{words!r} in the log", 30)

    def refuse(self) -> None:
        """Let the broker know another password."""
        passwords = self.folder / "passwords"
        passwords.write_text("lab:another\n")
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
        self.broker.kill()
        self.broker.start(further=[f"password_file {passwords}"])
        self.log_says("refused (")

    def cut_off(self) -> None:
        """Let there be no way to the broker."""
        self.relay.lets_in = False
        self.relay.cut()
        self.log_says("out of reach (")

    def swallow(self) -> None:
        """Let nothing come through, in connections that stay open."""
        self.relay.swallows = True

    def damage(self) -> None:
        """Write nonsense over the outbox."""
        for file in (self.state / FILE, self.state / f"{FILE}-journal"):
            with file.open("r+b") as content:
                content.write(random.Random(3).randbytes(file.stat().st_size))  # noqa: S311 -- any bytes


@contextmanager
def device(broker: Mosquitto, microphone: VirtualMicrophone, folder: Path, disk: Disk | None = None) -> Iterator[Parts]:
    """One that hears a conversation, and in which an episode runs."""
    (folder / "password").write_text("right")
    login = f", username: lab, password_file: {folder / 'password'}"
    state = folder / "state" if disk is None else disk.place
    # Each event is written soon, so that a disk that fails is noticed.
    more = f"{_EPISODES}outbox: {{commit_s: 0.1}}\n"
    with (
        Relay(broker.port).start() as relay,
        running(microphone, broker, folder, port=relay.port, mqtt=login, state_dir=state, more=more) as service,
    ):
        service.wait_for("online", within_s=60)
        microphone.play(SAMPLE)
        service.wait_for_event()
        yield Parts(service, broker, relay, microphone, folder, state)


def open_episodes(events: list[EpisodeStart | EpisodeEnd]) -> set[str]:
    """Those that began and did not end; there are some that began."""
    began = {event.episode_id for event in events if isinstance(event, EpisodeStart)}
    assert began
    return began - {event.episode_id for event in events if isinstance(event, EpisodeEnd)}


def in_outbox(state: Path) -> list[EpisodeStart | EpisodeEnd]:
    """Every event that the outbox keeps."""
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
    """The end waits in the outbox; a broker that was only stopped or cut off says offline in the end."""
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
    """The broker gets the end of the episode, then offline."""
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
    """From memory, all of it goes to the broker."""
    with device(mosquitto, virtual_microphone, tmp_path, card) as parts:
        CARD[fault](card)
        parts.service.daemon.send_signal(signal.SIGTERM)
        assert parts.service.wait_for_end(WITHIN_S) == 0
        assert not open_episodes(parts.service.events)


def test_sigterm_with_a_disk_that_hangs(
    mosquitto: Mosquitto, virtual_microphone: VirtualMicrophone, tmp_path: Path, card: Disk
) -> None:
    """The broker knows all of it, and nothing of the daemon is left but the write, which the kernel alone can end."""
    with device(mosquitto, virtual_microphone, tmp_path, card) as parts:
        daemon = parts.service.daemon
        card.freeze()
        daemon.send_signal(signal.SIGTERM)
        parts.service.wait_for_offline()
        assert not open_episodes(parts.service.events)
        state = Path(f"/proc/{daemon.pid}/stat")
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "Z", "ended but for its write")
        card.thaw()
        assert daemon.wait(WITHIN_S) == 0
