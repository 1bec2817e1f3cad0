"""Commands through a real broker to the real pipeline: effects and results."""

import json
import logging
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edged.errors import RestartError
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from tests.parts.broker.commanded import Start, bundle, commander, idle_mosquitto, mosquitto, start
from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, wait_until
from tests.parts.broker.outboxes import outbox_metrics

# pytest finds the fixtures by their names here
__all__ = ["bundle", "commander", "idle_mosquitto", "mosquitto", "start"]


def test_threshold_of_one_label(start: Start, commander: Commander) -> None:
    """It overrides the config, also after a restart; null restores the config's value."""
    text = "tracker: {enter: 0.5, enter_for: {sad: 0.7}}"
    with start(text):
        result = commander.give("threshold", '{"label": "angry", "enter": 0.65}')
        assert isinstance(result.thresholds, dict)
        assert (result.thresholds["angry"], result.thresholds["sad"], result.thresholds["happy"]) == (0.65, 0.7, 0.5)
        assert commander.newest("info")["thresholds"] == result.thresholds
    with start(text):
        result = commander.give("threshold", '{"label": "sad", "enter": 0.1}')
        assert isinstance(result.thresholds, dict)
        assert (result.thresholds["angry"], result.thresholds["sad"]) == (0.65, 0.1)
        result = commander.give("threshold", "{}")
        assert isinstance(result.thresholds, dict)
        assert (result.thresholds["angry"], result.thresholds["sad"]) == (0.5, 0.7)
        assert result.message == "all labels: as in the config"


def test_threshold_is_the_trackers(start: Start, commander: Commander) -> None:
    """From then on no episode starts below it."""
    whatever = "gate: {kind: level, margin_db: 3, min_dbfs: -96, min_speech_s: 0.016}\n"
    whatever += "tracker: {enter: 1, leave: 0, margin: 0, min_duration_s: 0}\n"
    with start(whatever):
        wait_until(lambda: any(json.loads(one)["speech"] for one in commander.received["emotion"]), "speech")
        assert commander.received["event/start"] == []
        commander.give("threshold", '{"enter": 0}')
        wait_until(lambda: commander.received["event/start"], "an episode")


def test_threshold_of_an_unknown_label_is_refused(start: Start, commander: Commander) -> None:
    """The result lists the known labels."""
    with start() as device:
        result = commander.give("threshold", '{"label": "angri", "enter": 0.65}')
        assert (result.ok, device.overrides.enter_for) == (False, {})
        assert result.message.startswith("the label is 'angri', expected angry, disgust, ")


def test_log_level_until_the_restart(start: Start, commander: Commander) -> None:
    """It applies at once and survives a reload, not a restart; null restores the config's level."""
    with start():
        result = commander.give("log_level", "error")
        assert (result.message, result.log_level) == ("error until the next restart", "error")
        assert logging.getLogger().level == logging.ERROR
        commander.give("reload")
        assert logging.getLogger().level == logging.ERROR
        assert commander.newest("info")["log_level"] == "error"
    with start():
        result = commander.give("log_level", '{"level": null}')
        assert (result.message, result.log_level) == ("info, as in the config", "info")


def test_baseline_mode_and_reset(start: Start, commander: Commander) -> None:
    """Frozen stops learning, reset clears it, off removes it, and null restores the config's mode."""
    with start() as device:
        wait_until(lambda: commander.received["health"], "the first figures")
        assert device.adaptation.adaptation is not None
        assert commander.give("baseline", "frozen").baseline == "frozen"
        assert device.adaptation.adaptation.settings.mode == "frozen"
        n_features = load_bundle(DEFAULT_BUNDLE).n_features
        device.adaptation.adaptation.calibrate(np.zeros((1, n_features or 1), np.float32), 60.0, utc_s=1.8e9)
        assert device.adaptation.adaptation.calibration_s == 60
        assert commander.give("baseline", "reset").message == "what was learned is deleted"
        assert device.adaptation.adaptation.calibration_s == 0
        assert commander.give("baseline", "off").ok
        assert device.adaptation.metrics is None
    with start() as device:
        assert device.adaptation.metrics is None
        result = commander.give("baseline", '{"mode": null}')
        assert (result.message, result.baseline) == ("on, as in the config", "on")
        assert device.adaptation.metrics is not None


@pytest.mark.parametrize("command", ["reload", "identify"])
def test_outcome_is_logged_once(
    start: Start, commander: Commander, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    """Whoever obeys the command logs it, and nobody repeats that."""
    caplog.set_level(logging.INFO, "edged")
    with start():
        caplog.clear()
        commander.give(command)
        lines = [line for line in caplog.messages if command in line or "config read again" in line]
    assert len(lines) == 1, lines


def test_reload_says_what_changed_and_what_waits(start: Start, commander: Commander) -> None:
    """Overrides stay in force and the result names them; a faulty file is refused with its fault."""
    with start() as device:
        commander.give("threshold", '{"label": "angry", "enter": 0.8}')
        device.write("tracker: {margin: 0.2, enter_for: {angry: 0.1}}\naudio: {gain_db: 3}")
        result = commander.give("reload")
        assert result.ok
        assert "tracker.margin 0.1 -> 0.2" in result.message
        assert "needs a restart: audio.gain_db" in result.message
        assert result.message.endswith("set by command and still in force: tracker.enter_for.angry")
        assert result.restart_required == ["audio.gain_db"]
        info = commander.newest("info")
        assert (info["thresholds"]["angry"], info["restart_required"]) == (0.8, ["audio.gain_db"])
        device.write("health_s: soon")
        result = commander.give("reload")
        assert not result.ok
        assert "health_s is 'soon', expected a whole number" in result.message


def test_fault_that_names_a_file_of_any_bytes_is_answered(start: Start, commander: Commander) -> None:
    """A file name that is not UTF-8 is escaped in the result, and the daemon continues."""
    with start() as device:
        device.file = device.file.with_name(os.fsdecode(b"k\xfcche.yaml"))
        device.write("health_s: soon")
        assert "k?che.yaml: health_s is 'soon'" in commander.give("reload").message
        assert commander.give("identify").ok


def test_restart_has_its_result_before_the_end(
    start: Start, commander: Commander, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result reaches the broker, then the daemon exits with a status on which systemd restarts it."""
    monkeypatch.setattr("edged.mqtt.commands._RESTART_S", 0.0)
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    with start() as device:
        result = commander.give("restart", "PRESS")
        assert result.message == "exits now with status 75; systemd is not there to start it again"
        device.wait()
    assert isinstance(device.fault, RestartError)
    wait_until(lambda: commander.received["availability"][-1] == b"offline", "offline")
    assert commander.received["capture"][-1] == b"offline"


def test_restart_under_systemd_says_so(start: Start, commander: Commander, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit restarts on failure, and 75 is not excluded."""
    monkeypatch.setattr("edged.mqtt.commands._RESTART_S", 0.0)
    monkeypatch.setenv("INVOCATION_ID", "0123")
    with start() as device:
        assert commander.give("restart").message == "exits now, and systemd starts it again"
        device.wait()
    unit = (Path(__file__).parents[2] / "systemd" / "edged.service").read_text(encoding="utf-8")
    assert "\nRestart=on-failure\n" in unit
    assert "\nRestartPreventExitStatus=78\n" in unit
    assert "\nSuccessExitStatus=" not in unit


def test_identify_says_which_device_it_is(
    start: Start, commander: Commander, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identity is in the result, in the log, and for a minute in STATUS=."""
    notified: list[str] = []
    monkeypatch.setattr("edged.pipeline.source_watch.notify", lambda *states: notified.extend(states))
    with start():
        result = commander.give("identify", "PRESS")
    device = result.device
    assert not isinstance(device, msgspec.UnsetType)
    assert (device.node, device.microphone, len(device.device_id)) == ("lab", "fake", 16)
    assert result.message == f"this is lab on {device.host}"
    assert f"identify: this is node lab, device {device.device_id}" in caplog.text
    assert "STATUS=Identified by command; Listening to fake" in notified


def test_snapshot_publishes_all_states(start: Start, commander: Commander) -> None:
    """Each state is published once more before the result, without a change."""
    topics = ("emotion", "speech", "capture", "level", "health", "info")
    with start():
        wait_until(lambda: all(commander.received[topic] for topic in topics), "each topic")
        counts = {topic: len(commander.received[topic]) for topic in topics}
        assert commander.give("snapshot").ok
        assert [topic for topic in topics if len(commander.received[topic]) == counts[topic]] == []


def test_retained_command_is_not_obeyed(start: Start, commander: Commander) -> None:
    """A retained command from before the start is ignored; a later one is not."""
    commander.send("mute", "ON", retain=True)
    with start() as device:
        assert commander.give("identify").ok
        assert not device.room.status.muted
        assert commander.results("mute") == []


def test_results_are_not_retained_and_not_kept(
    start: Start,
    commander: Commander,
    mosquitto: Mosquitto,
) -> None:
    """Late subscribers get no results, and the outbox has none."""
    with start() as device:
        commander.give("identify")
        assert outbox_metrics(device.publisher).depth == 0
        with Commander(mosquitto.port) as late:
            wait_until(lambda: late.received["info"], "the retained topics")
            assert late.results("identify") == []
    assert commander.n_retained_results == 0


def test_read_only_refuses(start: Start, commander: Commander) -> None:
    """The command is refused, and the device does not change."""
    with start(commands="read-only") as device:
        result = commander.give("mute", "ON")
        assert (result.ok, device.room.status.muted) == (False, False)
        assert result.message == "mqtt.commands is read-only, expected identify or snapshot"
        assert commander.give("identify").ok
        assert commander.newest("info")["commands"] == "read-only"


def test_hostile_names_are_answered_on_one_topic(start: Start, commander: Commander) -> None:
    """Unknown names never create topics."""
    with start():
        for name in ("reboot", "x" * 2000, "\u202emute", "mute result", ""):
            n_before = len(commander.results("unknown"))
            commander.send(name, "ON")
            wait_until(lambda n=n_before: len(commander.results("unknown")) > n, "an answer")  # type: ignore[misc]
    for result in commander.results("unknown"):
        assert commander.checked(result).ok is False
    assert [topic for topic in commander.received if topic.endswith("/result")] == ["cmd/unknown/result"]


def test_flood_of_a_thousand_leaves_the_device_at_work(start: Start, commander: Commander) -> None:
    """Some tens of results, none lost, and metrics are still published."""
    with start("health_s: 5"):
        for n in range(1000):
            commander.send("snapshot" if n % 2 else "nonsense")
        n_before = len(commander.received["health"])
        wait_until(lambda: len(commander.received["health"]) > n_before, "figures")
        assert 5 < len(commander.results("snapshot")) + len(commander.results("unknown")) < 200
