"""Calibration through a real broker: command and ``edged calibrate``, its two answers, health, and taking it back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edged.cli.main import main
from edged.contract.device import Calibrated, Result
from edged.models.bundle import Bundle, load_bundle
from tests.parts.broker.commanded import Device, Start, commander, idle_mosquitto, mosquitto, start
from tests.parts.broker.commander import Commander
from tests.parts.broker.mosquitto import Mosquitto, wait_until
from tests.parts.models.bundles import adapting_bundle

# pytest finds the fixtures by their names here
__all__ = ["commander", "idle_mosquitto", "mosquitto", "start"]

EVERYTHING = "gate: {kind: level, margin_db: 3, min_dbfs: -96, min_speech_s: 0.016}"  # is speech
NOTHING = "gate: {kind: level, min_dbfs: 0}"
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The shipped bundle, with features that adapt."""
    return load_bundle(adapting_bundle(tmp_path_factory.mktemp("bundles") / "adapting"))


def calibration(result: Result) -> Calibrated:
    """That of a result of ``calibrate``."""
    assert isinstance(result.calibration, Calibrated)
    return result.calibration


def second_answer(commander: Commander, n_before: int) -> Result:
    """The answer that follows the first one."""
    wait_until(lambda: len(commander.results("calibrate")) > n_before + 1, "the outcome", LIMIT_S)
    return commander.checked(commander.results("calibrate")[n_before + 1])


def calibrated(commander: Commander, payload: str = "") -> Result:
    """The outcome of one calibration."""
    n_before = len(commander.results("calibrate"))
    first = commander.give("calibrate", payload)
    assert (first.ok, calibration(first).state) == (True, "listening"), first.message
    assert "speak two or three sentences now" in first.message
    return second_answer(commander, n_before)


def test_calibrated_shown_and_taken_back(start: Start, commander: Commander) -> None:
    """Two answers with the sender's id, the seconds in health, kept over a restart, and forgotten for good."""
    with start(EVERYTHING):
        wait_until(lambda: commander.received["health"], "health")
        outcome = calibrated(commander, '{"id": "7"}')
        assert (outcome.ok, outcome.id, calibration(outcome).state) == (True, "7", "done")
        assert outcome.message.startswith(f"detected {calibration(outcome).speech_s:.1f} s of speech in ")
        assert set(calibration(outcome).change) == {"angry", "disgust", "fear", "happy", "neutral", "sad"}
        commander.give("snapshot")
        shown = commander.newest("health")["baseline"]["features"]
        assert shown["calibration_s"] == calibration(outcome).speech_s
        assert shown["distance"] > 0
        assert shown["calibrated"] is not None
    with start(EVERYTHING):
        wait_until(lambda: commander.newest("health")["baseline"]["features"]["calibration_s"] > 0, "it, again")
        result = commander.give("calibrate", "FORGET")
        assert (result.ok, calibration(result).state) == (True, "forgotten")
        assert result.message.startswith("the calibration is forgotten; ")
    with start(EVERYTHING) as device:
        assert device.adaptation.adaptation is not None
        wait_until(lambda: device.adaptation.metrics is not None, "the first sound")
        assert device.adaptation.adaptation.calibration_s == 0


def test_refused_in_words(start: Start, commander: Commander) -> None:
    """Noise that is no speech: nothing changes, and the answer says what was detected and what is expected."""
    with start(NOTHING) as device:
        outcome = calibrated(commander)
        assert (outcome.ok, calibration(outcome).state) == (False, "refused")
        assert outcome.message.startswith("only noise in 30 s, -")
        assert "expected two or three sentences" in outcome.message
        assert device.adaptation.adaptation is not None
        assert device.adaptation.adaptation.calibration_s == 0


def test_muted_before_and_meanwhile(start: Start, commander: Commander) -> None:
    """A muted device refuses at once, and one that is muted meanwhile says so instead of waiting."""
    with start(EVERYTHING):
        commander.give("mute", "ON")
        assert commander.give("calibrate").message.startswith("muted by command")
        commander.give("mute", "OFF")
    with start(NOTHING):
        n_before = len(commander.results("calibrate"))
        commander.give("calibrate")
        commander.give("mute", "ON")
        assert second_answer(commander, n_before).message.startswith("stopped: muted by command")


@pytest.mark.parametrize("state", ["offline", "muted"])
def test_forgotten_without_a_microphone(start: Start, commander: Commander, state: str) -> None:
    """The daemon starts without sound: what is stored is taken back at once, and is not there when sound comes."""
    with start(EVERYTHING):
        wait_until(lambda: commander.received["health"], "health")
        assert calibrated(commander).ok
    device = start(f"{EVERYTHING}\naudio: {{muted: {str(state == 'muted').lower()}}}")
    device.room.change(muted=True, state=state, trouble="not found")  # muted: no sound comes
    with device:
        assert commander.give("calibrate").message == "not found; nothing changed"
        result = commander.give("calibrate", "FORGET")
        assert (result.ok, calibration(result).state) == (True, "forgotten")
        assert result.message.startswith("the calibration is forgotten; ")
        assert commander.give("calibrate", "FORGET").message == "there is no calibration to forget"


def test_mode_that_does_not_learn(start: Start, commander: Commander) -> None:
    """Frozen stays as it is."""
    with start(f"{EVERYTHING}\nbaseline: {{mode: frozen}}"):
        for payload in ("", "FORGET"):
            result = commander.give("calibrate", payload)
            assert (result.ok, result.message) == (False, "baseline.mode is frozen, expected on; nothing changed")
        commander.give("mute", "ON")
        assert commander.give("calibrate", "FORGET").message.startswith("baseline.mode is frozen")


def test_again_while_it_listens(start: Start, commander: Commander) -> None:
    """The second request starts it over, and there is one outcome, with the second id."""
    with start(EVERYTHING):
        wait_until(lambda: commander.received["health"], "health")
        n_before = len(commander.results("calibrate"))
        commander.send("calibrate", '{"id": "1"}')
        commander.send("calibrate", '{"id": "2"}')
        wait_until(lambda: len(commander.results("calibrate")) == n_before + 3, "both answers and the outcome", LIMIT_S)
        ids = [json.loads(one)["id"] for one in commander.results("calibrate")[n_before:]]
        assert ids == ["1", "2", "2"]


@pytest.fixture
def running(start: Start) -> Iterator[Device]:
    """A device that takes all sound for speech."""
    with start(EVERYTHING) as device:
        yield device


def test_edged_calibrate_asks_the_daemon(
    running: Device, commander: Commander, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints both answers; ``--forget`` prints that it is forgotten."""
    wait_until(lambda: commander.received["health"], "health")
    assert main(["calibrate", "--node", "lab", "--config", str(running.file)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("speak two or three sentences now")
    assert second.startswith("detected ")
    assert main(["calibrate", "--node", "lab", "--forget", "--config", str(running.file)]) == 0
    assert capsys.readouterr().out.startswith("the calibration is forgotten")


def test_edged_calibrate_without_a_device(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody answers: one line names node, broker and what may be the reason."""
    monkeypatch.setattr("edged.cli.sensor.calibrate._ANSWER_S", 0.2)
    file = tmp_path / "config.yaml"
    file.write_text(f"mqtt: {{host: 127.0.0.1, port: {mosquitto.port}}}\n")
    assert main(["calibrate", "--node", "attic", "--config", str(file)]) == 1
    assert "node attic at broker 127.0.0.1" in capsys.readouterr().err
