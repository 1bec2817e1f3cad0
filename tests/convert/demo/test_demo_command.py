"""The command that makes the sample: what is refused before a search of hours."""

import pytest

from convert.demo.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "sample.mp3"], "--out sample.mp3: expected the name of a .flac file"),
        (["--out", "/proc/sample.flac"], "--out /proc/sample.flac: "),
        (["--seed", "-1"], "argument --seed: '-1': expected a whole number, 0 or more"),
        (["--sead", "1"], "unrecognized arguments: --sead 1"),
    ],
)
def test_usage_wrong(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """One line, with status 64."""
    assert main(["--as-found", *arguments]) == 64
    assert message in capsys.readouterr().err
