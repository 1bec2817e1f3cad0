"""What ships is replaced only by a command that names it."""

import argparse
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import edged
from convert.__main__ import main
from convert.command_line import COMMANDS
from convert.commands.pretrained import voices
from convert.demo import __main__ as demo
from convert.voices import weights
from edged.calls.voices.encoder import WEIGHTS
from edged.demo.sample import SAMPLE

SHIPPED = Path(edged.__file__).parent


@pytest.mark.parametrize("name", COMMANDS)
def test_no_default_below_edged(name: str) -> None:
    """No option of any command stands for a file or folder that ships unless it is given."""
    parser = argparse.ArgumentParser()
    import_module(f"convert.commands.{COMMANDS[name][0]}").arguments(parser)
    paths = [action.default for action in parser._actions if isinstance(action.default, Path)]  # noqa: SLF001
    assert not [path for path in paths if path.is_relative_to(SHIPPED)]


def test_voices_are_written_into_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights and licence go below --work; the shipped file stays."""
    before = WEIGHTS.stat().st_mtime_ns
    with np.load(WEIGHTS) as shipped:
        arrays = dict(shipped)
    (tmp_path / "LICENSE").write_text("Apache-2.0", encoding="utf-8")
    monkeypatch.setattr(voices, "fetch", lambda _folder, _wheel: tmp_path)
    monkeypatch.setattr(weights, "published", lambda _file: {})
    monkeypatch.setattr(weights, "stored", lambda _weights: arrays)
    monkeypatch.setattr(voices, "_people", lambda _options, _corpus: [])
    monkeypatch.setattr(voices, "varying", lambda _speakers: np.zeros((8, 256), np.float32))
    assert main(["voices", "--work", str(tmp_path)]) == 0
    made = tmp_path / "made" / "voices.npz"
    assert capsys.readouterr().out.startswith(f"{made}: ")
    assert (made.parent / "LICENSE").read_text(encoding="utf-8") == "Apache-2.0"
    with np.load(made) as written:
        assert np.array_equal(written["linear"], arrays["linear"])
    assert WEIGHTS.stat().st_mtime_ns == before


def test_sample_is_shipped_only_with_ship(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--ship and --out contradict each other; without either the sample goes into build/."""
    assert demo.main(["--ship", "--out", str(tmp_path / "sample.flac")]) == 64
    assert "not allowed with argument" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        demo.main(["--help"])
    words = "".join(capsys.readouterr().out.split())
    assert "build/demo/sample.flac" in words
    assert str(SAMPLE) not in words
