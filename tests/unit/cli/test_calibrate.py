"""``edged calibrate`` where no daemon runs: recordings, what is stored, what is refused, and taking it back."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edged.audio.devices import InputDevice
from edged.cli.main import main
from edged.host.instance_lock import InstanceLock
from tests.parts.models.bundles import adapting_bundle
from tests.parts.sound.speech import RATE_HZ, noise

NODE = f"calibrated-{os.getpid()}"  # a lock is of the machine, and tests run in several processes
DEVICE = InputDevice(index=0, name="USB: Audio (hw:1,0)", n_channels=1, rate_hz=16_000, default=True, selector="usb")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped bundle, with features that adapt."""
    return adapting_bundle(tmp_path_factory.mktemp("bundles") / "adapting")


@pytest.fixture
def config(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config with that bundle, on a machine with one microphone."""
    monkeypatch.setattr("edged.cli.sensor.calibrate.microphones_in_time", lambda: [DEVICE])
    file = tmp_path / "config.yaml"
    file.write_text(f"node: {NODE}\nmodels: {{bundle: {bundle}}}\nstate_dir: {tmp_path / 'kept'}\n")
    return file


def stored(config: Path) -> dict[str, object]:
    """The state that was written."""
    content: dict[str, object] = json.loads((config.parent / "kept" / "baseline.json").read_bytes())
    return content


def test_recording(speech: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file's speech is counted, what changed is said, and only means of the microphone are stored."""
    assert main(["calibrate", str(speech), "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("detected ")
    assert " s of speech in " in out
    content = stored(config)
    assert content["microphone"] == "USB: Audio"
    assert isinstance(content["features"], dict)
    assert content["features"]["calibration"]["speech_s"] > 10
    assert (config.parent / "kept" / "baseline.json").stat().st_size < 64_000


def test_recording_that_is_not_there(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message is about the file, also where there is no microphone."""
    monkeypatch.setattr("edged.cli.sensor.calibrate.microphones_in_time", list)
    assert main(["calibrate", str(tmp_path / "voice.wav"), "--config", str(config)]) == 65
    assert capsys.readouterr().err.startswith(f"edged: {tmp_path / 'voice.wav'}: no such file;")


def test_recording_without_the_microphone(
    speech: Path, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what a file has to do with a microphone."""
    monkeypatch.setattr("edged.cli.sensor.calibrate.microphones_in_time", list)
    assert main(["--config", str(config), "calibrate", str(speech)]) == 1
    assert "a calibration belongs to its microphone, so plug it in for FILE too" in capsys.readouterr().err.replace(
        "\n  ", " "
    )


def test_taken_back(speech: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left, and a second time there is nothing to forget; the microphone need not be there."""
    main(["calibrate", str(speech), "--config", str(config)])
    capsys.readouterr()
    assert main(["calibrate", "--forget", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "the calibration is forgotten; nothing else was learned\n"
    assert not (config.parent / "kept" / "baseline.json").exists()
    assert main(["calibrate", "--forget", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "there is no calibration to forget\n"


def written(folder: Path, samples: NDArray[np.float32]) -> str:
    """A file with these samples."""
    file = folder / "sound.wav"
    soundfile.write(file, samples, RATE_HZ)
    return str(file)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros(10 * RATE_HZ, np.float32), "only silence or steady noise in 10 s, -96 dBFS at the loudest"),
        (noise(10.0), "only silence or steady noise in 10 s, "),
        (np.zeros(RATE_HZ, np.float32), "only silence or steady noise in "),
    ],
)
def test_sound_without_speech(
    samples: NDArray[np.float32], words: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 and one line; nothing is written."""
    assert main(["calibrate", written(tmp_path, samples), "--config", str(config)]) == 1
    err = capsys.readouterr().err
    assert words in err
    assert "nothing changed" in err
    assert not (config.parent / "kept" / "baseline.json").exists()


def test_bundle_without_it(
    bundle: Path, config: Path, tmp_path: Path, speech: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is named, and where bundles that can are described."""
    plain = tmp_path / "plain"
    shutil.copytree(bundle, plain)
    values = json.loads((plain / "bundle.json").read_text())
    del values["adaptation"]
    (plain / "bundle.json").write_text(json.dumps(values))
    config.write_text(f"node: {NODE}\nmodels: {{bundle: {plain}}}\n")
    assert main(["calibrate", str(speech), "--config", str(config)]) == 1
    assert "this bundle does not adapt its features, expected one that does" in capsys.readouterr().err


def test_muted_by_the_config(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A muted microphone is not opened."""
    config.write_text(f"{config.read_text()}audio: {{muted: true}}\n")
    assert main(["calibrate", "--config", str(config)]) == 1
    assert "muted by the config (audio.muted); nothing changed" in capsys.readouterr().err


def test_recording_while_a_daemon_runs(speech: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon would write over it: refused with its process id."""
    with InstanceLock(NODE, "edged", 1883):
        assert main(["calibrate", str(speech), "--config", str(config)]) == 69
    assert f"edged already runs here as node {NODE}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.wav", "--forget"], "--forget takes no FILE"),
        (["a.wav", "--node", "attic"], "not allowed with argument"),
        (["a.wav", "b.wav"], "unknown argument 'b.wav'"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 64 and what is wrong."""
    try:
        status = main(["calibrate", *arguments, "--config", str(config)])
    except SystemExit as exc:  # argparse's
        status = int(exc.code or 0)
    assert status == 64
    assert words in capsys.readouterr().err


def test_file_that_is_not_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As for every command that reads files."""
    assert main(["calibrate", "absent.wav", "--config", str(config)]) == 65
    assert "absent.wav" in capsys.readouterr().err
