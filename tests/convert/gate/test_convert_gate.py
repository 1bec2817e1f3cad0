"""The gate's material, windows, trials and metrics; test_convert_all.py covers the whole training."""

from pathlib import Path

import numpy as np
import pytest

from convert.data import dataset
from convert.gate import sounds as made_sounds
from convert.gate.material import SIDES, Sounds, sounds
from convert.gate.pieces import Piece, pieces, weights
from convert.gate.recipe import GateRecipe, GateRun, gate_recipe
from convert.gate.rooms import IN_A_ROOM, echoed, in_room
from convert.gate.windows import batch
from edged.errors import UsageError
from edged.features.logmel import Floats
from tests.parts.models import layouts

pytest.importorskip("webrtcvad", reason="needs webrtcvad: pip install -e '.[convert]'")
from convert.gate.metrics import curve, equal_error, most_sensitive, row, threshold
from convert.gate.trials import MADE, WINDOWS_PER_HOUR, recorded, trials


@pytest.fixture
def run(tmp_path: Path) -> GateRun:
    """A prepared run over tiny corpora."""
    for name in ("cremad", "emodb", "esc10", "ami"):
        getattr(layouts, name)(tmp_path / name)
    layouts.noises(tmp_path / "noise")
    found = GateRun(GateRecipe(n_synthetic=1, batch=16), 1, tmp_path / "run", tmp_path / "cache")
    for side in SIDES:
        dataset.prepare(of_side(found, tmp_path, side).all(), found.cache)
    return found


def of_side(run: GateRun, folder: Path, side: str) -> Sounds:
    """Material of one split."""
    return sounds(folder, run.recipe, side)  # type: ignore[arg-type]


def floats(*numbers: float) -> Floats:
    """Scores."""
    return np.array(numbers, np.float32)


def test_sides_share_nothing(run: GateRun) -> None:
    """No recording and no speaker is in two splits."""
    found = [of_side(run, run.path.parent, side) for side in SIDES]
    names = [{clip.id for clip in side.all()} for side in found]
    speakers = [{clip.speaker for clips in side.spoken.values() for clip in clips} for side in found]
    for sets in (names, speakers):
        assert not sets[0] & sets[1] | sets[1] & sets[2] | sets[0] & sets[2]
    assert [side.meetings[0][0].id for side in found] == ["trn00", "trn04", "dev00"]
    assert [{clip.id[0] for clip in side.esc10} for side in found] == [{"1"}, {"3"}, {"4"}]


def test_side_without_recordings(tmp_path: Path) -> None:
    """The error names the missing fold."""
    for name in ("cremad", "emodb", "esc10", "ami"):
        getattr(layouts, name)(tmp_path / name)
    with pytest.raises(UsageError, match="noise: nothing for train"):
        sounds(tmp_path, GateRecipe(), "train")


def test_batch_is_half_speech(run: GateRun) -> None:
    """Images as model inputs with smoothed targets of 0 and 1, identical for the same seed."""
    speech, other = pieces(of_side(run, run.path.parent, "train"), run)
    images, targets = batch(speech, other, run.recipe, (1, 2))
    assert images.shape == (16, 188, 64, 1)
    assert images.min() >= 0
    assert images.max() == pytest.approx(1)
    np.testing.assert_allclose(targets.sum(axis=0), [8, 8], atol=1e-5)
    assert targets.max() == pytest.approx(0.99)
    np.testing.assert_array_equal(images, batch(speech, other, run.recipe, (1, 2))[0])


def test_pieces_are_drawn_by_share(run: GateRun) -> None:
    """Each corpus has its share, and each version and emotion within it, whatever the number of clips."""
    speech, _ = pieces(of_side(run, run.path.parent, "train"), run)
    recipe = run.recipe
    assert speech.share.sum() == pytest.approx(1)
    assert speech.share[:6].sum() == pytest.approx(0.4 * recipe.plain_p)  # CREMA-D as it is, six emotions
    np.testing.assert_allclose(speech.share[:6], 0.4 * recipe.plain_p / 6)
    assert speech.share[6:18].sum() == pytest.approx(0.4 * recipe.room_p)  # in two rooms
    n_versions = recipe.n_plain + recipe.n_rooms + recipe.n_shouts + recipe.n_whispers + recipe.n_elsewhere
    assert speech.share[: 6 * n_versions].sum() == pytest.approx(0.4)


def test_loud_anger_is_not_drowned_by_the_many() -> None:
    """With nine calm clips and one shout, half of the draws are the shout."""
    frames = np.zeros((50, 64), np.float16)
    found = weights([*[Piece(frames, None, "neutral low")] * 9, Piece(frames, None, "angry high")])
    assert found[-1] == pytest.approx(0.5)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", made_sounds.KINDS)
def test_made_sounds(kind: str) -> None:
    """Six seconds with a peak of 0.5, determined by the seed."""
    samples = made_sounds.made(kind, 1)
    assert len(samples) == 96_000
    assert np.abs(samples).max() == pytest.approx(0.5)
    np.testing.assert_array_equal(samples, made_sounds.made(kind, 1))
    assert not np.array_equal(samples, made_sounds.made(kind, 2))


def test_trials(run: GateRun) -> None:
    """Every group has windows; speech has speakers; silence opens neither the level gate nor webrtcvad."""
    found = trials(recorded(of_side(run, run.path.parent, "test"), {}, run, 2), [], run, 2)
    speech = set(found.group[found.speech].tolist())
    assert {"emodb", "ami", f"emodb{IN_A_ROOM}"} <= speech
    assert {"noise", "ESC-10: Rain", f"ESC-10{IN_A_ROOM}"} <= set(found.group[~found.speech].tolist())
    silent = found.group == f"{MADE}digital silence"
    assert silent.any()
    assert not found.votes[silent].any()
    assert not found.loud_frames[silent].any()
    assert (found.margin_db[silent] < 12).all()
    assert (found.margin_db[found.group == "emodb"] > 12).any()


def test_stored_log_mel_is_tested_in_rooms(run: GateRun) -> None:
    """A clip without sound has windows, and only the model detects some of those with echo."""
    clips = of_side(run, run.path.parent, "test").spoken["cremad"]
    found = trials(iter(()), clips, run, 2)
    dry, echo = found.group == "cremad", found.group == f"cremad{IN_A_ROOM}"
    assert dry.sum() == echo.sum() == len(clips)
    assert found.speech.all()
    assert np.isnan(found.margin_db).all()
    assert (found.images[echo][0].astype(int) > found.images[dry][0]).mean() > 0.1  # it rings on


def test_echo_of_samples_and_of_log_mel() -> None:
    """A burst decays as long as the room says, in samples and log-mel, at its original level."""
    recipe = GateRecipe(room_s=(0.5, 0.5), direct_db=(0.0, 0.0))
    burst = np.zeros(32_000, np.float32)
    burst[8_000:9_600] = 0.1 * made_sounds.pink(1_600, 1)
    in_the_room = in_room(burst, recipe, np.random.default_rng(1))
    assert len(in_the_room) == len(burst)
    assert in_the_room.std() == pytest.approx(burst.std(), rel=1e-4)
    assert np.abs(in_the_room[9_600:16_000]).max() > 1e-3  # within 0.4 s
    assert np.abs(in_the_room[18_000:]).max() < 1e-4  # after 0.5 s
    frames = np.full((100, 64), -100, np.float16)
    frames[20:30] = 0
    found = echoed(frames, recipe, np.random.default_rng(1))
    assert found.max() == 0
    assert 30 + 15 < len(found) < 30 + 32  # to -45 dB, of 60 dB in 31 frames
    assert (np.diff(found[30:, 0].astype(np.float32)) < 0).all()


def test_figures_by_hand() -> None:
    """At 0.5 one of five speech windows is missed and one of four others accepted: 0.2, and a quarter of an hour's."""
    speech, other = floats(0.9, 0.8, 0.7, 0.6, 0.3), floats(0.1, 0.2, 0.4, 0.55)
    found = row(speech, other, 0.5)
    assert (found["missed"], found["accepted"]) == (0.2, 0.25)
    assert found["accepted_per_hour"] == round(WINDOWS_PER_HOUR / 4, 1)
    assert equal_error(speech, other) == pytest.approx(0.225)
    assert threshold(speech, 0.0) == pytest.approx(0.3)
    assert threshold(speech, 0.2) == pytest.approx(0.6)


def test_most_sensitive_threshold_by_hand() -> None:
    """If one of four others may be accepted, the threshold excludes the next; if none, it excludes all."""
    other = floats(0.1, 0.2, 0.4, 0.55)
    at = most_sensitive(other, 0.25)
    assert (other >= at).tolist() == [False, False, False, True]
    assert at == np.nextafter(np.float32(0.4), np.float32(1))
    assert not (other >= most_sensitive(other, 0.0)).any()


def test_curve_ends() -> None:
    """From all accepted to all missed; separable scores have no error."""
    thresholds, missed, accepted = curve(floats(0.8, 0.9), floats(0.1, 0.1))
    assert (missed[0], accepted[0], missed[-1], accepted[-1]) == (0, 1, 1, 0)
    assert np.isinf(thresholds[-1])
    assert equal_error(floats(0.8, 0.9), floats(0.1)) == 0


def test_recipe_cut() -> None:
    """A trial run is shorter, never longer."""
    assert gate_recipe(1).epochs == 1
    assert gate_recipe(1000) == gate_recipe()


def test_floor_of_a_room() -> None:
    """Pink noise of rms 1, so that a level in dB is a factor."""
    assert made_sounds.pink(16_000, 1).std() == pytest.approx(1, rel=1e-3)
