"""``edged history``: stored events, during a run and afterwards."""

import argparse
import json
import time
from pathlib import Path

import msgspec
import pytest

from edged.cli.broker.history import show_history, since
from edged.config.structs import Config
from edged.contract.fields import rfc3339
from edged.contract.payloads import EpisodeStart, encoded
from edged.errors import HistoryError
from edged.outbox.journal import Journal
from edged.outbox.message import Message
from tests.parts.broker.mosquitto import wait_until
from tests.parts.broker.payloads import episode_end, episode_start
from tests.parts.system.pseudo_terminal import on_terminal


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A config with the test's own outbox."""
    return Config(state_dir=str(tmp_path))


def put_event(journal: Journal, age_s: float, *, end: bool = False) -> int:
    """Put an event of this age into the journal; returns its number."""
    seq = journal.next_seq()
    payload = episode_end("angry") if end else episode_start("angry")
    payload = msgspec.structs.replace(payload, seq=seq, time=rfc3339(time.time() - age_s))
    journal.put(Message("event/end" if end else "event/start", encoded(payload), 1, kind="event", seq=seq))
    return seq


@pytest.fixture
def stored(config: Config) -> Config:
    """Config of an outbox with three events: acknowledged two hours ago, half an hour ago, now."""
    journal = Journal(Path(config.state_dir) / "outbox.sqlite3")
    journal.open(lambda: None)
    journal.acknowledged(put_event(journal, 7200))
    put_event(journal, 1800)
    put_event(journal, 0, end=True)
    journal.close()
    return config


def test_table_for_people(stored: Config, capsys: pytest.CaptureFixture[str]) -> None:
    """Local time, label, confidence, duration, and whether the broker has it."""
    assert show_history(stored, None, jsonl=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["time", "event", "emotion", "confidence", "duration", "broker"]
    assert [line.split()[2:] for line in lines[1:]] == [
        ["start", "angry", "0.84", "has", "it"],
        ["start", "angry", "0.84", "waits"],
        ["end", "angry", "0.75", "7.2", "s", "waits"],
    ]
    assert len({len(line.rstrip()) - len(line.split()[-1]) for line in lines[2:]}) == 1


def test_lines_for_programs(stored: Config, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Payloads as published."""
    assert show_history(stored, None, jsonl=True) == 0
    rows = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [row["type"] for row in rows] == ["start", "start", "end"]
    assert [row["seq"] - rows[0]["seq"] for row in rows] == [0, 1, 2]


@pytest.mark.parametrize(("text", "count"), [("1h", 2), ("90s", 1), ("3h", 3), ("7d", 3)])
def test_since(stored: Config, capsysbinary: pytest.CaptureFixture[bytes], text: str, count: int) -> None:
    """Only newer events are shown."""
    show_history(stored, since(text), jsonl=True)
    assert len(capsysbinary.readouterr().out.splitlines()) == count


@pytest.mark.parametrize("text", ["", "1", "h", "1w", "-1h", "1h30m", "1e3s", "nan"])
def test_since_that_is_no_time(text: str) -> None:
    """The message has examples."""
    with pytest.raises(argparse.ArgumentTypeError, match="expected one such as 90s, 15m, 1h or 7d"):
        since(text)


def test_since_before_all_clocks(stored: Config, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A period longer than the calendar shows everything."""
    assert show_history(stored, since("999999d"), jsonl=True) == 0
    assert len(capsysbinary.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("moment", ["2026-02-30T00:00:00.000Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"])
def test_time_that_is_none_hides_no_other(config: Config, capsys: pytest.CaptureFixture[str], moment: str) -> None:
    """A damaged row is shown unchanged."""
    journal = Journal(Path(config.state_dir) / "outbox.sqlite3")
    journal.open(lambda: None)
    seq = journal.next_seq()
    payload = encoded(msgspec.structs.replace(episode_start("angry"), seq=seq, time=moment))
    journal.put(Message("event/start", payload, 1, kind="event", seq=seq))
    put_event(journal, 0, end=True)
    journal.close()
    assert show_history(config, None, jsonl=False) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert ["  start  " in lines[0], "  end  " in lines[1]] == [True, True]


def test_outbox_in_use_is_read(config: Config, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The daemon continues to write and is not disturbed."""
    journal = Journal(Path(config.state_dir) / "outbox.sqlite3")
    journal.open(lambda: None)
    for count in range(1, 4):
        seq = put_event(journal, 0)
        wait_until(lambda: journal.horizon >= seq, "on disk")  # noqa: B023 -- waited for at once
        show_history(config, None, jsonl=True)
        lines = capsysbinary.readouterr().out.splitlines()
        assert len(lines) == count
        assert msgspec.json.decode(lines[-1], type=EpisodeStart).seq == seq
    assert not journal.fault
    journal.close()


def test_no_outbox(config: Config) -> None:
    """The error names the missing file."""
    with pytest.raises(HistoryError, match=r"outbox\.sqlite3: no such file, expected the outbox of an `edged run`"):
        show_history(config, None, jsonl=True)


def test_outbox_of_a_full_disk(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that the daemon could not fill: what is wrong and what to do, and SQLite's words stay out of it."""
    (tmp_path / "outbox.sqlite3").touch()
    with pytest.raises(HistoryError) as caught:
        show_history(config, None, jsonl=False)
    assert not capsys.readouterr().out
    assert str(caught.value) == (
        f"{tmp_path / 'outbox.sqlite3'} holds no events yet, as when the disk was full at the start of `edged run`: "
        "make room there, and a running `edged run` stores events within a minute"
    )


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(200)])
def test_no_database(config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    """One line without the table's heading, and the file stays: the daemon decides what to do with it."""
    (tmp_path / "outbox.sqlite3").write_bytes(content)
    with pytest.raises(HistoryError, match="expected a readable outbox: `edged run` starts a new one"):
        show_history(config, None, jsonl=False)
    assert not capsys.readouterr().out
    assert (tmp_path / "outbox.sqlite3").read_bytes() == content


def test_narrow_terminal_gets_rows_that_fit(stored: Config, tmp_path: Path) -> None:
    """The year, the duration and the broker's column are dropped; a pipe gets all columns."""
    config = tmp_path / "config.yaml"
    config.write_text(f"state_dir: {stored.state_dir}\n")
    with on_terminal("history", "--config", config, columns=40) as terminal:
        head, *rows = terminal.ended_text().splitlines()
    assert head.split() == ["time", "event", "emotion", "conf"]
    assert len(rows) == 3
    assert max(map(len, [head, *rows])) < 40
