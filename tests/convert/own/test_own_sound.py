"""A user's recordings that hold no sound, or hardly any: named before anything is learned from them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.own_sound import check_sound
from edged.errors import UsageError
from edged.features.logmel import Floats
from tests.convert.own.recordings import RATE_HZ, voice


def clips(folder: Path, sounds: list[Floats]) -> list[Clip]:
    """A clip for each of ``sounds``, prepared."""
    made = []
    for number, samples in enumerate(sounds):
        file = folder / f"{number}.wav"
        soundfile.write(file, samples, RATE_HZ, subtype="PCM_16")
        made.append(Clip(id=str(number), corpus="c", speaker="s", gender="", emotion="calm", label="calm", audio=file))
    dataset.prepare(made, folder / "cache")
    return made


def test_short_and_quiet_speech_is_heard(tmp_path: Path) -> None:
    """A cry of 0.2 s; the noise of the last bit in a dead quiet room."""
    quiet = np.random.default_rng(1).integers(-1, 2, RATE_HZ).astype(np.float32) / 32768
    check_sound(tmp_path, clips(tmp_path, [voice(0, 0, 0)[: RATE_HZ // 5], quiet]), tmp_path / "cache")


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [(np.zeros(RATE_HZ, np.float32), "no sound"), (voice(0, 0, 0)[RATE_HZ // 2 :][:100], "less than 0.2 s of sound")],
)
def test_no_sound_is_refused(tmp_path: Path, wrong: Floats, fault: str) -> None:
    """The first of them, and how many there are."""
    index, cache = tmp_path / "index.csv", tmp_path / "cache"
    with pytest.raises(UsageError, match=rf"index\.csv: .*1\.wav holds {fault}, expected speech"):
        check_sound(index, clips(tmp_path, [voice(0, 0, 0), wrong]), cache)
    with pytest.raises(UsageError, match=rf"1\.wav and 2 other files hold {fault}, expected speech"):
        check_sound(index, clips(tmp_path, [voice(0, 0, 0), wrong, wrong, wrong]), cache)
