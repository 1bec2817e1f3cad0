"""The mute command through a real broker to the real pipeline, together with ``audio.muted`` of the config."""

from pathlib import Path

import pytest

from tests.parts.broker.commanded import Start, bundle, commander, idle_mosquitto, mosquitto, start
from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import wait_until

# pytest finds the fixtures by their names here
__all__ = ["bundle", "commander", "idle_mosquitto", "mosquitto", "start"]


def test_mute_and_listen_again(start: Start, commander: Commander) -> None:
    """The source is muted, and retained topics change before the result; after unmute all is as before."""
    with start() as device:
        wait_until(lambda: commander.received["health"], "the first figures")
        result = commander.give("mute", '{"muted": true, "id": "a"}')
        assert (result.ok, result.muted, result.id) == (True, True, "a")
        assert device.room.status.muted
        assert commander.received["capture"][-1] == b"muted"
        assert commander.received["speech"][-1] == b"OFF"
        assert commander.newest("emotion")["emotion"] == "none"
        assert commander.newest("info")["listening"] is False
        result = commander.give("mute", "OFF")
        assert (result.message, result.muted) == ("listening", False)
        assert not device.room.status.muted
        assert commander.received["capture"][-1] == b"online"
        assert commander.newest("info")["listening"] is True


def test_mute_ends_the_running_episode(start: Start, commander: Commander) -> None:
    """The episode ends with the mute, not when sound returns."""
    whatever = "gate: {kind: level, margin_db: 3, min_dbfs: -96, min_speech_s: 0.016}\n"
    whatever += "tracker: {enter: 0, leave: 0, margin: 0, min_duration_s: 0}\n"
    with start(whatever):
        wait_until(lambda: commander.received["event/start"], "an episode")
        commander.give("mute", "ON")
        wait_until(lambda: len(commander.received["event/end"]) == len(commander.received["event/start"]), "its end")
        assert commander.newest("event/end")["reason"] == "stopped"


def test_mute_feeds_the_watchdog_by_rounds(start: Start, commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    """While muted there are no windows: the reader's rounds feed the watchdog, and nothing does without them."""
    notified: list[str] = []
    monkeypatch.setattr("edged.pipeline.source_watch.notify", lambda *states: notified.extend(states))
    with start() as device:
        commander.give("mute", "ON")
        notified.clear()
        commander.give("identify")
        assert "WATCHDOG=1" not in notified
        device.room.change(n_tries=1)
        wait_until(lambda: notified.count("WATCHDOG=1") == 1, "the watchdog is fed")


def test_muted_over_a_restart(start: Start, commander: Commander) -> None:
    """The next start is muted before any read, and its info says so."""
    with start():
        assert commander.give("mute", "ON").message == "muted by command or config, the microphone is closed"
    n_before = len(commander.received["info"])
    with start() as device:
        assert device.overrides.muted
        wait_until(lambda: len(commander.received["info"]) > n_before, "its info")
        assert commander.newest("info")["listening"] is False


def test_mute_overrides_the_config(start: Start, commander: Commander) -> None:
    """The command wins in either direction, over reload and restart; null restores the config's value."""
    muted = "audio: {muted: true}"
    with start(muted) as device:
        wait_until(lambda: commander.received["info"], "its info")
        assert commander.newest("info")["listening"] is False
        assert (commander.give("mute", "OFF").muted, device.room.status.muted) == (False, False)
        result = commander.give("reload")
        assert result.message.endswith("nothing changed; set by command and still in force: audio.muted")
        assert not device.room.status.muted
    with start(muted) as device:
        assert not device.room.status.muted
        result = commander.give("mute", '{"muted": null}')
        assert result.message == "muted by command or config, the microphone is closed, as in the config"
        assert (result.muted, device.room.status.muted) == (True, True)


def test_edited_mute_takes_effect(start: Start, commander: Commander) -> None:
    """An edit of the config overrides the switch, at this start and the next."""
    with start() as device:
        for word in ("ON", "OFF"):  # of the switch; the config is unchanged
            commander.give("mute", word)
        for muted in (True, False, True):
            device.write(f"audio: {{muted: {str(muted).lower()}}}")
            result = commander.give("reload")
            assert result.message == f"config read again: audio.muted {not muted} -> {muted}"
            assert device.room.status.muted is muted
            assert commander.received["capture"][-1] == (b"muted" if muted else b"online")
            assert commander.newest("info")["listening"] is not muted
            assert result.restart_required == []
    with start("audio: {muted: true}") as device:
        assert device.room.status.muted


def test_edited_mute_agrees_with_the_switch(start: Start, commander: Commander) -> None:
    """An edit to the switch's value changes nothing; editing it back does, also after a restart."""
    with start() as device:
        commander.give("mute", "ON")
        device.write("audio: {muted: true}")
        commander.give("reload")
        assert device.room.status.muted
        device.write("audio: {muted: false}")
        commander.give("reload")
        assert not device.room.status.muted
        commander.give("mute", "ON")
    with start("audio: {muted: true}") as device:
        assert device.room.status.muted
    with start("audio: {muted: false}") as device:
        assert not device.room.status.muted


def test_disk_that_refuses_is_reported_in_the_result(start: Start, commander: Commander, tmp_path: Path) -> None:
    """The command takes effect, and the result says that it is not saved."""
    with start(f"state_dir: {tmp_path}/state") as device:
        (tmp_path / "state").write_text("a file where the folder should be")
        result = commander.give("mute", "ON")
        assert (result.ok, result.muted, device.room.status.muted) == (True, True, True)
        assert "; not saved for the next start: " in result.message
        (tmp_path / "state").unlink()
