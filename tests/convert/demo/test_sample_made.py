"""The committed deliveries reproduce the committed sample, and the command reports errors."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from convert.demo import __main__ as command
from convert.demo.arrangement import arranged
from edged.demo.sample import SAMPLE, load_turns
from edged.errors import EdgedError
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle


@pytest.fixture(autouse=True)
def _programs() -> None:
    """Skip the test if a synthesiser is missing."""
    for program in ("flite", "espeak-ng"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt-get install {program}")


def test_deliveries_make_the_committed_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other versions of a synthesiser may differ: length within 10 %, level within 1 dB."""
    out = tmp_path / "sample.flac"
    assert command.main(["--as-found", "--out", str(out)]) == 0
    made, _ = soundfile.read(out, dtype="float64")
    committed, _ = soundfile.read(SAMPLE, dtype="float64")
    assert len(made) == pytest.approx(len(committed), rel=0.1)
    assert 10 * np.log10(np.mean(made**2)) == pytest.approx(10 * np.log10(np.mean(committed**2)), abs=1)
    turns, wanted = load_turns(out.with_suffix(".json")), load_turns()
    assert [(turn.meant, turn.text) for turn in turns] == [(turn.meant, turn.text) for turn in wanted]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:-1]] == [turn.meant for turn in turns]


def test_turns_that_no_bundle_detects_are_left_out() -> None:
    """Fewer than four emotions make no sample."""
    found = msgspec.json.decode(command.DELIVERIES.read_bytes(), type=command.Deliveries)
    bundle = load_bundle(DEFAULT_BUNDLE)
    lines = {line.line.meant: line for line in found.lines}
    wrong = msgspec.structs.replace(lines["angry"], line=lines["angry"].line._replace(meant="sad"))
    with pytest.raises(EdgedError, match=r"[12] emotions? .*neutral.*expected at least 4; try another --seed"):
        arranged(bundle, [[lines["neutral"]], [wrong]], 1)


def test_command_names_a_bundle_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, with the exit status of an unreadable model."""
    assert command.main(["--bundle", str(tmp_path), "--as-found"]) == 78
    assert capsys.readouterr().err.startswith(f"convert.demo: {tmp_path}")
