"""The command that makes the sample: what is refused before a search of hours."""

import pytest

from convert.demo.__main__ import main


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("sample.mp3", "--out sample.mp3: expected the name of a .flac file"),
        ("/proc/sample.flac", "--out /proc/sample.flac: No such file or directory, expected a place"),
    ],
)
def test_out_wrong(capsys: pytest.CaptureFixture[str], out: str, message: str) -> None:
    """One line, with status 64."""
    assert main(["--as-found", "--out", out]) == 64
    assert message in capsys.readouterr().err
