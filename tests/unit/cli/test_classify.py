"""``edged classify``: one line per file, in any format, and the errors for files without sound."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edged.cli.parser import parser
from edged.cli.sensor import classify as module
from edged.config.structs import Config
from edged.models.bundle import Bundle
from edged.pipeline.clip import ClipClassifier
from tests.parts.sound.speech import RATE_HZ, clips, noise
from tests.parts.system.program import assert_one_line, edged


def test_classify_prints_a_line_a_file(speech: Path) -> None:
    """Label, confidence and all scores are printed, as text and as JSON."""
    done = edged("classify", speech, speech)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    (row,) = [json.loads(line) for line in edged("classify", speech, "--jsonl").stdout.splitlines()]
    assert row["label"] in done.stdout
    assert row["confidence"] == max(row["scores"].values())
    assert row["windows"] > 5


def written(folder: Path, name: str, sound: object, rate_hz: int = RATE_HZ, subtype: str | None = None) -> Path:
    """Write a sound file to ``folder``."""
    file = folder / name
    soundfile.write(file, sound, rate_hz, subtype=subtype)
    return file


@pytest.mark.parametrize("kind", ["8-bit", "24-bit", "float", "stereo", "8 kHz", "96 kHz", "flac", "ogg", "mp3"])
def test_classify_takes_every_usual_form(corpora: Path, tmp_path: Path, kind: str) -> None:
    """The same speech in another format gets nearly the same scores."""
    sound = clips(corpora, "emodb", 3)[1]
    forms: dict[str, tuple[str, object, int, str | None]] = {
        "8-bit": ("a.wav", sound, RATE_HZ, "PCM_U8"),
        "24-bit": ("a.wav", sound, RATE_HZ, "PCM_24"),
        "float": ("a.wav", sound, RATE_HZ, "FLOAT"),
        "stereo": ("a.wav", np.stack([sound, sound], axis=1), RATE_HZ, None),
        "8 kHz": ("a.wav", sound[::2], RATE_HZ // 2, None),
        "96 kHz": ("a.wav", np.repeat(sound, 6), 6 * RATE_HZ, None),
        "flac": ("a.flac", sound, RATE_HZ, None),
        "ogg": ("a.ogg", sound, RATE_HZ, None),
        "mp3": ("a.mp3", sound, RATE_HZ, None),
    }
    done = edged("classify", "--jsonl", written(tmp_path, "own.wav", sound), written(tmp_path, *forms[kind]))
    assert done.returncode == 0, done.stderr
    original, other = [json.loads(line) for line in done.stdout.splitlines()]
    assert other["duration_s"] == pytest.approx(original["duration_s"], abs=0.1)
    if kind != "8 kHz":  # half of the bands are missing
        lossless = kind in {"24-bit", "float", "stereo", "flac"}
        assert other["scores"] == pytest.approx(original["scores"], abs=0.02 if lossless else 0.2)


def test_name_that_is_not_utf_8_is_shown(tmp_path: Path) -> None:
    """A Latin-1 file name from an old disk appears in each command's output."""
    file = tmp_path / os.fsdecode(b"k\xfcche.wav")
    soundfile.write(os.fsencode(file), noise(4), RATE_HZ, format="WAV")
    shown = edged("classify", file)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.endswith(r"k\udcfcche.wav" + "\n")
    done = edged("classify", "--jsonl", file)
    assert json.loads(done.stdout)["file"].endswith("k\ufffdche.wav")
    assert edged("replay", "--jsonl", file).returncode == 0


def test_line_break_in_a_name_breaks_no_line(tmp_path: Path) -> None:
    """A file is one line of results or one line of fault, whatever its name."""
    silent, text = tmp_path / "si\nlent.wav", tmp_path / "te\nxt\x1b[2J.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    text.write_text("no sound\n")
    done = edged("classify", silent, text)
    assert [line.rpartition("/")[2] for line in done.stdout.splitlines()] == ["si?lent.wav"]
    (fault,) = done.stderr.splitlines()
    assert "te?xt?[2J.wav: cannot be decoded" in fault


def test_too_short_and_silent_files_have_no_emotion(tmp_path: Path) -> None:
    """A tenth of a second and silence get the label none, without scores."""
    tenth = written(tmp_path, "tenth.wav", noise(0.1))
    silent = written(tmp_path, "silent.wav", np.zeros(RATE_HZ * 10, np.float32))
    done = edged("classify", "--jsonl", tenth, silent)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["label"], row["scores"]) for row in rows] == [("none", None)] * 2
    assert [row["reason"] for row in rows] == ["too quiet: -96 dBFS, below gate.min_dbfs"] * 2


def test_none_says_why(tmp_path: Path) -> None:
    """Loud sound without speech and too quiet sound with its level are reported; speech has no reason."""
    tone = written(tmp_path, "noise.wav", noise(5))
    soft = written(tmp_path, "soft.wav", noise(5, 1e-4), subtype="FLOAT")
    done = edged("classify", tone, soft)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["none", "no", "speech", "detected", str(tone)]
    assert re.fullmatch(rf"none +too quiet: -8\d dBFS, below gate\.min_dbfs  {re.escape(str(soft))}", lines[1])


def test_silence_before_speech_changes_nothing(corpora: Path, tmp_path: Path) -> None:
    """Shifted by 8 to 250 ms or 3 s, a clip gets the same scores within a frame's phase."""
    clip = clips(corpora, "emodb", 5)[2]
    files = [
        written(tmp_path, f"{ms}.wav", np.concatenate([np.zeros(ms * RATE_HZ // 1000, np.float32), clip]))
        for ms in (0, 8, 100, 250, 3000)
    ]
    original, *others = map(json.loads, edged("classify", "--jsonl", *files).stdout.splitlines())
    for other in others:
        assert other["label"] == original["label"]
        assert other["scores"] == pytest.approx(original["scores"], abs=0.03)


def test_nan_samples_are_refused_with_their_place(tmp_path: Path) -> None:
    """A NaN in the middle gives one line with its time, and status 65."""
    sound = noise(3)
    sound[2 * RATE_HZ] = np.nan
    done = edged("classify", written(tmp_path, "nan.wav", sound, subtype="FLOAT"))
    assert_one_line(done, 65, "nan.wav", "2.000 s")


def test_each_file_begins_anew_with_models_that_are_loaded_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], speech: Path, tmp_path: Path
) -> None:
    """A file's line does not depend on files before it, including the level gate's noise floor; models load once."""
    loud = written(tmp_path, "loud.wav", noise(10))
    config = tmp_path / "config.yaml"
    config.write_text("gate: {kind: level}\n")
    loaded = []

    class Counted(ClipClassifier):
        def __init__(self, config: Config, bundle: Bundle) -> None:
            super().__init__(config, bundle)
            loaded.append(self)

    monkeypatch.setattr(module, "ClipClassifier", Counted)

    def lines(*files: Path) -> list[str]:
        arguments = parser().parse_args(["classify", "--config", str(config), *map(str, files)])
        assert module.run(arguments) == 0
        return capsys.readouterr().out.splitlines()

    alone = lines(speech)
    loaded.clear()
    assert lines(loud, speech, speech)[1:] == alone * 2
    assert len(loaded) == 1


def test_bad_file_does_not_stop_the_others(speech: Path, tmp_path: Path) -> None:
    """The good file is classified, the bad one reported, and the status is not 0."""
    done = edged("classify", tmp_path / "absent.wav", speech)
    assert_one_line(done, 65, "absent.wav", "no such file")
    assert len(done.stdout.splitlines()) == 1
