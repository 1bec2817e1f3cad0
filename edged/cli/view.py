"""Messages of the broker to lines that a person reads: time, emotion, a bar, probability.

    Received ──msgspec──► View.line ──► one line per message, narrower than the terminal; a sentence goes below it

    12:00:04    deciding…  ██████████▍           0.52  angry 0.44, neutral 0.31
    12:00:09  ┌ angry      ████████████████▊     0.84  begins, after neutral
    12:00:09  │ angry      ████████████████▊     0.84  disgust 0.09, fear 0.03
    12:00:16  └ angry      ███████▊              0.39  7.2 s, faded

The corners come from ``event/start`` and ``event/end``, the lines between from ``emotion``.  The bar is the probability
that the thresholds are compared with, so an episode begins at ``enter`` or more; the note has mean scores.  The broker
is not trusted: a payload that does not match its schema becomes a line that says so, and no character of it can control
the terminal.
"""

import textwrap
from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from typing import NamedTuple, TextIO

import msgspec

from edged.cli.screen import has_colour, has_letters, printable, width
from edged.contract import mood, payloads
from edged.contract.device import Info
from edged.contract.health import Health
from edged.contract.mood import AgentDecision, HubHealth, Mood, MoodEvent
from edged.contract.payloads import EmotionState, EpisodeEnd, EpisodeStart, Level
from edged.contract.topics import AVAILABILITY, CAPTURE, SPEECH, Received
from edged.errors import counted

_WIDTH = 80  # columns, if there is no terminal
_NARROW = 60  # columns; a narrower terminal gets narrower names
_TIME = 10  # columns of "12:00:04  "
_NAME, _SHORT_NAME = 10, 8  # columns of a node
_LABEL, _SHORT_LABEL = 10, 9
_BAR, _SHORT_BAR = 20, 12  # columns of the score 1; the short one beside the name of a node
_MIN_NOTE = 10  # columns; a shorter note would not be understood
_MAX_SENTENCE = 240  # characters of a sentence, which any client of the broker may have published
_EIGHTHS = " ▏▎▍▌▋▊▉"
_DECIDING = "deciding…"  # speech, and no label has reached its threshold
_SIGNS = "┌│└█…" + _EIGHTHS[1:]
_PLAIN = str.maketrans(_SIGNS, "+|+#." + " " * len(_EIGHTHS[1:]))  # for an encoding without them
_PLACE = "place"  # in place of a node, before the name of a place
_PAYLOADS = {**payloads.PAYLOADS, "hub": HubHealth} | {
    name.removeprefix("place/<place>/"): kind for name, kind in mood.PAYLOADS.items() if name.startswith("place/")
}
_DIM, _END = "\x1b[2m", "\x1b[0m"
_CUSTOMARY = {"angry": 31, "neutral": 32, "happy": 33, "sad": 34, "fear": 35, "disgust": 36}  # ANSI colours

Column = Callable[[datetime], str]


class Screen(NamedTuple):
    """What the output of a view can show."""

    has_colour: bool = False
    has_boxes: bool = True
    is_terminal: bool = False  # elsewhere a sentence stays on its line, for programs
    width: Callable[[], int] = lambda: _WIDTH  # columns, asked for each line: a window can be resized


_PIPE = Screen()


class View:
    """Messages to lines; remembers which episode each node is in, and the colour of each label."""

    def __init__(
        self, root: str, screen: Screen = _PIPE, *, show_node: bool = False, column: Column | None = None
    ) -> None:
        """``column`` gives the text before an emotion, in place of the node, from the time of its message."""
        self._root = root
        self._screen = screen
        self._show_node = show_node
        self._column = column
        self._running: dict[str, str] = {}  # label of the current episode, by node
        self._colours = dict(_CUSTOMARY)
        self._further = cycle(_CUSTOMARY.values())  # for the labels of another bundle

    def heading(self, column: str, label: str) -> str:
        """The first line: titles for ``column`` and for the labels."""
        return self._dimmed(f"{'':{_TIME}}{column:<{self._name_columns()}}   {label}")

    def quote(self, text: str) -> str:
        """The words being said, in quotes."""
        return self._sentence(self._lead("", "", beside=True), f'  "{printable(text)}"', indent=3)

    def note(self, text: str) -> str:
        """A line of the demo's own, about now."""
        return self._words("", "", text)

    def line(self, received: Received) -> str:
        """The line for one message; no newline at its end."""
        node, _, name = received.topic.removeprefix(f"{self._root}/").partition("/")
        if node == _PLACE:
            node, _, name = name.partition("/")
        try:
            if name == AVAILABILITY.name:
                return self._words(node, "", f"{node} is {received.payload.decode()}")
            if name in {CAPTURE.name, SPEECH.name}:
                return self._words(node, "", f"{name} is {received.payload.decode()}")
            if name in _PAYLOADS:
                return self._known(node, msgspec.json.decode(received.payload, type=_PAYLOADS[name]), received)
        # msgspec's, broken UTF-8; the year 1 east of Greenwich; brackets without end
        except (ValueError, OverflowError, RecursionError) as exc:
            return self._words(node, "", f"{name} is not understood: {exc}")
        return self._words(node, "", f"{name}, {counted(len(received.payload), 'byte')}")

    def _known(self, node: str, payload: msgspec.Struct, received: Received) -> str:  # noqa: PLR0911 -- one a kind
        match payload:
            case EmotionState():
                mark = "│" if self._running.get(node) == payload.emotion else " "
                label = _DECIDING if payload.emotion == "uncertain" else payload.emotion
                return self._score(node, mark, payload, label, _others(label, payload.scores))
            case EpisodeStart():
                self._running[node] = payload.event_type
                note = f"begins, after {payload.previous}" if payload.previous else "begins"
                return self._score(node, "┌", payload, payload.event_type, note)
            case EpisodeEnd():
                self._running.pop(node, None)
                note = f"{payload.duration_s:.1f} s, {payload.reason}"
                return self._score(node, "└", payload, payload.event_type, note)
            case Mood():
                note = payload.sentence.partition(", ")[2]
                return self._score(node, " ", payload, payload.emotion, note, is_sentence=True)
            case MoodEvent():
                note = f"a new mood, after {payload.previous}"
                return self._score(node, "┌", payload, payload.event_type, note, is_sentence=True)
            case AgentDecision():
                return self._sentence(self._lead(node, payload.time), f"  {printable(_decided(payload))}")
        return self._words(node, getattr(payload, "time", ""), _note(payload, received))

    def _score(  # noqa: PLR0913 -- each part of the line
        self,
        node: str,
        mark: str,
        payload: EmotionState | EpisodeStart | EpisodeEnd | Mood | MoodEvent,
        label: str,
        note: str,
        *,
        is_sentence: bool = False,
    ) -> str:
        columns, is_beside = self._columns(), self._show_node or self._column is not None
        lead = self._lead(node, payload.time, beside=True)
        label_columns = _SHORT_LABEL if columns < _NARROW else _LABEL
        label = printable(label)[:label_columns]
        probability = None if isinstance(payload, Mood | MoodEvent) else payload.probability
        score = payload.confidence if probability is None else probability  # of an older device
        figure = "" if score is None else f"{score:.2f}"
        room = columns - len(lead) - len(f"{mark} {'':{label_columns}}   0.00")  # for the bar and the note
        bar = min(_SHORT_BAR if is_beside else _BAR, room if room < _SHORT_BAR + _MIN_NOTE else room // 2)
        body = f"{mark} {label:<{label_columns}} {_bar(score or 0.0, max(0, bar))}  {figure:<4}"
        room = columns - len(lead) - len(body) - 2
        if is_sentence and len(note) > room:
            if not self._screen.is_terminal:
                return self._finished(f"{lead}{self._tinted(label, body)}  {printable(note)[:_MAX_SENTENCE]}")
            first = self._finished(f"{lead}{self._tinted(label, body)}")
            return f"{first}\n{self._sentence(' ' * len(lead), f'  {printable(note)}')}"
        note = printable(note)[:room] if room >= min(_MIN_NOTE, len(note)) else ""
        return self._finished(f"{lead}{self._tinted(label, body)}  {note}")

    def _words(self, node: str, time: str, words: str) -> str:
        lead = self._lead(node, time)
        body = f"  {printable(words)}"[: self._columns() - len(lead)]
        return self._finished(lead + self._dimmed(body))

    def _sentence(self, lead: str, words: str, indent: int = 2) -> str:
        """The ``words`` behind ``lead``, on a terminal on as many lines as they need."""
        words = words[:_MAX_SENTENCE]
        room = max(_MIN_NOTE, self._columns() - len(lead))
        parts = textwrap.wrap(words, room, subsequent_indent=" " * indent, break_on_hyphens=False)
        parts = [self._dimmed(part) for part in parts] if self._screen.is_terminal else [self._dimmed(words)]
        return self._finished(lead + f"\n{' ' * len(lead)}".join(parts))

    def _lead(self, node: str, time: str, *, beside: bool = False) -> str:
        moment = datetime.fromisoformat(time).astimezone() if time else datetime.now().astimezone()
        if self._column is None and not self._show_node:
            return f"{moment:%H:%M:%S}  "
        if self._column is not None:
            node = self._column(moment) if beside else ""
        columns = self._name_columns()
        return f"{moment:%H:%M:%S}  {_shortened(printable(node), columns):<{columns}} "

    def _columns(self) -> int:
        return self._screen.width() - 1  # in the last column some terminals wrap

    def _name_columns(self) -> int:
        return _SHORT_NAME if self._columns() < _NARROW else _NAME

    def _dimmed(self, body: str) -> str:
        return f"{_DIM}{body}{_END}" if self._screen.has_colour else body

    def _tinted(self, label: str, body: str) -> str:
        if not self._screen.has_colour:
            return body
        if label in ("none", _DECIDING):
            return f"{_DIM}{body}{_END}"
        if label not in self._colours:
            self._colours[label] = next(self._further)
        return f"\x1b[{self._colours[label]}m{body}{_END}"

    def _finished(self, line: str) -> str:
        return line.translate(_PLAIN).rstrip() if not self._screen.has_boxes else line.rstrip()


def _note(payload: msgspec.Struct, received: Received) -> str:
    match payload:
        case Health():
            windows = f"{counted(payload.windows, 'window')}, {payload.windows_speech} with speech"
            return f"{windows}, {payload.resident_mb:.0f} MB"
        case Level():
            return f"level {payload.level_dbfs:.0f} dBFS"
        case Info():
            return f"{payload.bundle}, {payload.routing} routing"
        case HubHealth():
            return f"a mood in {payload.moods} of {counted(payload.places, 'place')}, {payload.resident_mb:.0f} MB"
    return f"{received.topic}, {counted(len(received.payload), 'byte')}"


def _decided(payload: AgentDecision) -> str:
    called = f"{payload.action}({', '.join(f'{k}={v}' for k, v in payload.arguments.items())}) "
    return f"agent: {called if payload.action else ''}{payload.outcome.replace('_', ' ')}: {payload.message}"


def view_for(out: TextIO, root: str, *, show_node: bool = False, column: Column | None = None) -> View:
    """A view for ``out``: colours if its terminal has them, box characters if its encoding has them, its width."""
    screen = Screen(has_colour(out), has_letters(out, _SIGNS), out.isatty(), lambda: width(out))
    return View(root, screen, show_node=show_node, column=column)


def _bar(score: float, columns: int) -> str:
    whole, eighths = divmod(round(score * columns * 8), 8)
    return f"{'█' * whole}{_EIGHTHS[eighths]}"[:columns].ljust(columns)


def _shortened(name: str, columns: int) -> str:
    """``name`` within ``columns``; its end stays, in which names such as kitchen and kitchen-replay differ."""
    if len(name) <= columns:
        return name
    n_end = (columns - 1) // 2
    return f"{name[: columns - 1 - n_end]}…{name[-n_end:]}"


def _others(label: str, scores: dict[str, float] | None) -> str:
    """The next two labels, such as ``sad 0.21, happy 0.08``."""
    ranked = sorted((scores or {}).items(), key=lambda item: -item[1])
    return ", ".join(f"{other} {score:.2f}" for other, score in [item for item in ranked if item[0] != label][:2])
