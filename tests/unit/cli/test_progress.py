"""Progress on a terminal: when it appears, how wide it is, and that it is erased."""

import io

import pytest

from edged.cli import screen
from edged.cli.sensor.progress import CallsProgress, Progress


class Terminal(io.StringIO):
    """A terminal of 40 columns."""

    def isatty(self) -> bool:
        """Always true."""
        return True


class Clock:
    """A clock set by the test."""

    now_s = 100.0

    def __call__(self) -> float:
        """The current time."""
        return self.now_s


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """xterm with 40 columns."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("edged.cli.sensor.progress.width", lambda _stream: 40)


def test_progress_is_one_line_that_is_erased() -> None:
    """Nothing in the first half second, then at most five updates a second, and an empty line at the end."""
    err, clock = Terminal(), Clock()
    with Progress(err, "call.wav", clock) as progress:
        progress.show(60, 2040)
        assert err.getvalue() == ""
        clock.now_s += 0.5
        progress.show(750, 2040)
        clock.now_s += 0.1
        progress.show(800, 2040)
    assert err.getvalue() == "\r\x1b[Kcall.wav   36 %  12:30 of 34:00\r\x1b[K"


def test_file_of_unknown_length_has_no_share() -> None:
    """A FLAC from a pipe has no percentage."""
    err, clock = Terminal(), Clock()
    with Progress(err, "stdin", clock) as progress:
        clock.now_s += 1
        progress.show(3723, None)
    assert err.getvalue().startswith("\r\x1b[Kstdin  1:02:03")


def test_long_name_is_cut_at_its_beginning_and_steers_nothing() -> None:
    """At most 39 columns, so that the line does not wrap, without control characters."""
    err, clock = Terminal(), Clock()
    with Progress(err, f"/recordings/{'x' * 40}/\x1b[2Jcall.wav", clock) as progress:
        clock.now_s += 1
        progress.show(1, 100)
    line = err.getvalue().split("\x1b[K")[1].rstrip("\r")
    assert len(line) == 39
    assert line.startswith("...xx")
    assert line.endswith("/?[2Jcall.wav    1 %  0:01 of 1:40")


@pytest.mark.parametrize(("stream", "term"), [(Terminal(), "dumb"), (Terminal(), ""), (io.StringIO(), "xterm")])
def test_nothing_is_shown_where_it_would_be_garbage(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str
) -> None:
    """A dumb terminal, an unknown one and a file get none."""
    monkeypatch.setenv("TERM", term)
    clock = Clock()
    with Progress(stream, "call.wav", clock) as progress:
        clock.now_s += 10
        progress.show(1, 100)
    assert stream.getvalue() == ""


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and TERM=dumb are respected."""
    assert screen.has_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not screen.has_colour(Terminal())
    assert screen.has_escapes(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not screen.has_escapes(Terminal())
    assert not screen.has_escapes(io.StringIO())


def test_width_of_what_is_no_terminal_is_the_usual_one() -> None:
    """A pipe has the default width."""
    assert screen.width(io.StringIO()) == 80


def test_bar_of_calls_makes_room_for_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar with the calls done, erased before a line of output and at the end; one call shows its share."""
    err, clock = Terminal(), Clock()
    with CallsProgress(err, clock) as progress:
        progress.show(10, 100)
        assert err.getvalue() == ""
        clock.now_s += 1
        progress.show(25.5, 100)
        assert err.getvalue() == "\r\x1b[K[#####...............]  25 of 100 calls"
        progress.erase()
        assert err.getvalue().endswith("\r\x1b[K")
        progress.erase()
        clock.now_s += 1
        progress.show(0.5, 1)
        assert err.getvalue().endswith("50 %")
    assert err.getvalue().endswith("\r\x1b[K")
    monkeypatch.setenv("TERM", "dumb")
    quiet = Terminal()
    with CallsProgress(quiet, clock) as progress:
        clock.now_s += 1
        progress.show(1, 2)
    assert quiet.getvalue() == ""
