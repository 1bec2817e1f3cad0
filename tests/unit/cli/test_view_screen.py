"""The lines for people on a screen: its width, its colours and its characters."""

import io
import re

import msgspec
import pytest

from edged.cli.view import Screen, View, view_for
from edged.contract.payloads import encoded
from edged.contract.topics import Received
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start, health
from tests.parts.shown import SCORES


class Terminal(io.StringIO):
    """An output that claims to be a terminal."""

    def isatty(self) -> bool:
        """Always true, so colour is used."""
        return True


def test_long_names_of_nodes_differ_by_their_ends() -> None:
    """A name that is too long loses its middle: living-room-1 and living-room-2 are two nodes."""
    lines = [
        view_for(io.StringIO(), "edged", show_node=True).line(Received(f"edged/{node}/speech", b"ON", retained=False))
        for node in ("living-room-1", "living-room-2", "kitchen")
    ]
    assert [line[10:20] for line in lines] == ["livin…om-1", "livin…om-2", "kitchen   "]


def test_quote_on_a_terminal_is_as_many_lines_as_it_needs() -> None:
    """No word is lost; in a pipe a quote is one line."""
    view = View("edged", Screen(is_terminal=True), column=lambda _moment: "angry")
    assert view.quote("Stop it!")[10:] == 'angry        "Stop it!"'
    long = view.quote("word " * 40 + "end")
    assert max(map(len, long.splitlines())) <= 79
    assert long.splitlines()[1].startswith(" " * 24 + "word ")
    assert long.count("word") == 40
    assert long.endswith('end"')
    assert view.quote("\x1b[2J\n").isprintable()
    assert "\n" not in View("edged").quote("word " * 40)


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes and NO_COLOR get plain lines."""
    message = Received("edged/kitchen/event/start", encoded(episode_start("angry")), retained=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[31m" in view_for(Terminal(), "edged").line(message)
    assert "\x1b" not in view_for(io.StringIO(), "edged").line(message)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in view_for(Terminal(), "edged").line(message)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in view_for(Terminal(), "edged").line(message)


@pytest.mark.parametrize(
    ("columns", "show_node", "line"),
    [
        (40, False, "┌ angry     █████████▎   0.84"),
        (40, True, "kitchen  ┌ angry     █▋  0.84"),
        (50, False, "┌ angry     ████████████████▊     0.84"),
        (60, False, "┌ angry     ████████████▋    0.84  begins, after"),
        (120, False, "┌ angry      ████████████████▊     0.84  begins, after neutral"),
    ],
)
def test_line_is_narrower_than_the_terminal(columns: int, line: str, *, show_node: bool) -> None:
    """The bar is shortened first, then the note; nothing wraps."""
    view = View("edged", Screen(width=lambda: columns), show_node=show_node)
    messages = [
        ("event/start", encoded(msgspec.structs.replace(episode_start("angry"), previous="neutral"))),
        ("event/end", encoded(episode_end("disgust"))),
        ("emotion", encoded(emotion_state("uncertain", 0.31, SCORES))),
        ("health", encoded(health())),
        ("capture", b"stalled"),
        ("louder" * 20, b"1"),
    ]
    lines = [view.line(Received(f"edged/kitchen/{name}", payload, retained=False)) for name, payload in messages]
    assert max(map(len, lines)) < columns
    assert lines[0][10:] == line


def test_label_of_another_bundle_has_a_colour_of_its_own() -> None:
    """An unknown label has the same colour each time."""
    view = View("edged", Screen(has_colour=True))
    lines = [
        view.line(Received("edged/a/event/start", encoded(episode_start(label)), retained=False))
        for label in ("bored", "amused", "bored")
    ]
    colours = [re.findall(r"\x1b\[\d+m", line)[0] for line in lines]
    assert colours[0] == colours[2] != colours[1]


def test_output_without_box_characters_gets_plain_signs() -> None:
    """A service's journal or a terminal with LC_ALL=C gets plain signs."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    line = view_for(out, "edged").line(Received("edged/a/event/start", encoded(episode_start("sad")), retained=False))
    assert line[10:] == "+ sad        ################      0.84  begins"
