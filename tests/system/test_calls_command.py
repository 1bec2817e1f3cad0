"""``edged calls`` as a user runs it: many recordings, broken ones, resumed runs, wrong usage."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.calls.composed import RATE_HZ, call, write
from tests.parts.system.program import LIMIT_S, REPOSITORY, assert_one_line, edged

_SHORT = call(("angry",))[: 3 * RATE_HZ]


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 100 short calls, three of them broken."""
    folder = tmp_path_factory.mktemp("hundred")
    for number in range(97):
        write(folder / f"{number:03}.wav", _SHORT, 8000, subtype="ULAW")
    whole = (folder / "000.wav").read_bytes()
    (folder / "broken.wav").write_bytes(whole[:1000])
    (folder / "empty.wav").touch()
    (folder / "text.mp3").write_text("no sound", encoding="utf-8")
    return folder


def test_folder_with_broken_calls(hundred: Path, tmp_path: Path) -> None:
    """97 reports, three lines, status 65; the second run does nothing twice and ends the same."""
    out = tmp_path / "out"
    first = edged("calls", "--customer", "left", "--out", out, "--summary", "--jobs", "2", hundred)
    assert first.returncode == 65
    lines = first.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("edged: ") for line in lines)
    assert {name for line in lines for name in ("broken.wav", "empty.wav", "text.mp3") if name in line} == {
        "broken.wav",
        "empty.wav",
        "text.mp3",
    }
    reports = sorted(out.glob("*/report.json"))
    assert len(reports) == 97
    assert len((out / "summary.csv").read_text(encoding="utf-8").splitlines()) == 98
    assert first.stdout.splitlines()[-1].startswith("97 reports in ")
    before = [report.stat().st_mtime_ns for report in reports]
    reports[5].unlink()  # as if the run had been interrupted there
    second = edged("calls", "--customer", "left", "--out", out, "--summary", "--jobs", "1", hundred)
    assert second.returncode == 65
    assert second.stdout.count("(done before)") == 96
    after = [report.stat().st_mtime_ns for report in reports]
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_interrupt_ends_all_workers(hundred: Path, tmp_path: Path) -> None:
    """Ctrl-C, which a terminal sends to every process, ends the command at once and without a traceback."""
    many, out = tmp_path / "many", tmp_path / "out"
    many.mkdir()
    for number in range(1000):  # so many that the command cannot end by itself before the signal comes
        (many / f"{number}.wav").symlink_to(hundred / "000.wav")
    # Tests that run in the background of a script have the signal ignored.
    python = ["env", "--default-signal=INT", sys.executable, "-u"]
    program = subprocess.Popen(
        [*python, "-m", "edged", "calls", "--customer", "left", "--out", out, "--jobs", "2", many],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline()  # the first report: the workers are at the next
    os.killpg(program.pid, signal.SIGINT)
    _, err = program.communicate(timeout=LIMIT_S)
    assert program.returncode == 130
    assert "Traceback" not in err


def test_other_settings_are_another_report(hundred: Path, tmp_path: Path) -> None:
    """A report of the other channel is made again."""
    call_file = hundred / "000.wav"
    for customer, resumed in (("left", False), ("left", True), ("right", False)):
        done = edged("calls", "--customer", customer, "--out", tmp_path, call_file)
        assert done.returncode == 0, done.stderr
        assert ("(done before)" in done.stdout) is resumed


def test_json_is_a_line_a_call_and_writes_nothing(hundred: Path, tmp_path: Path) -> None:
    """For programs: the whole report, and no folder."""
    done = edged("calls", "--json", "--customer", "left", "--jobs", "1", hundred / "001.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (report,) = map(json.loads, done.stdout.splitlines())
    assert (report["outcome"], report["score"]) == ("no_score", None)
    assert "at least 30 s needed" in report["reason"]
    assert list(tmp_path.iterdir()) == []


def test_json_beside_files_of_any_name(tmp_path: Path) -> None:
    """--out with --json writes and prints; a name that is not UTF-8 is text there, one that is too long a line."""
    file = tmp_path / os.fsdecode(b"k\xfcche.wav")
    write(tmp_path / "kitchen.wav", _SHORT, 8000)
    (tmp_path / "kitchen.wav").rename(file)
    options = ("--json", "--summary", "--customer", "left", "--out", tmp_path / "out")
    done = edged("calls", *options, file, tmp_path / ("a" * 300))
    assert done.returncode == 65
    assert "File name too long" in done.stderr
    (report,) = map(json.loads, done.stdout.splitlines())
    assert report["call"]["file"] == "k\ufffdche.wav"
    (folder,) = (entry for entry in (tmp_path / "out").iterdir() if entry.is_dir())
    assert json.loads((folder / "report.json").read_bytes()) == report
    assert "k\ufffdche" in (tmp_path / "out" / "summary.csv").read_text(encoding="utf-8")
    again = edged("calls", *options, file)
    assert json.loads(again.stdout) == report  # resumed


def test_folder_is_checked_before_the_work(tmp_path: Path) -> None:
    """A file in place of the folder for reports is said before a recording is opened."""
    (tmp_path / "file").touch()
    done = edged("calls", "--customer", "left", "--out", tmp_path / "file", tmp_path / "absent.wav")
    assert_one_line(done, 1, f"{tmp_path / 'file'}: is no folder, expected a folder to write to")


def test_wrong_usage_is_one_line(hundred: Path, tmp_path: Path) -> None:
    """Stereo without a customer, a folder without recordings, an unknown speaker, a summary without a folder."""
    file = hundred / "000.wav"
    assert_one_line(edged("calls", file, cwd=tmp_path), 64, "two channels", "--customer left or right")
    (tmp_path / "none").mkdir()
    assert_one_line(edged("calls", tmp_path / "none"), 64, "no recordings")
    turns = tmp_path / "turns.csv"
    turns.write_text("start_s,end_s,speaker\n0,1,A\n", encoding="utf-8")
    assert_one_line(edged("calls", "--turns", turns, file), 64, "no speaker 'customer'", "one of: A")
    assert_one_line(edged("calls", "--json", "--summary", file), 64, "expected --out")
    assert edged("calls", "--jobs", "0", file).returncode == 64
