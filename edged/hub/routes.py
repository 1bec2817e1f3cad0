"""Messages to the places that their topics belong to.

hub.places ──► Routes.topics
Taken ──► Voice or Reader of each place of the topic ──► PlaceSources; counts of what was ignored, and why
"""

import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial
from zlib import crc32

from edged.config.hub.presets import complete
from edged.config.hub.structs import Hub, Place
from edged.contract.topics import full_name
from edged.hub.inputs import LATE_S, Ignored, Reader, Said
from edged.hub.intake import Taken
from edged.hub.place import PlaceSources
from edged.hub.text import TextScorer
from edged.hub.voice import TOPICS as VOICE_TOPICS

_LIKE_A_LABEL = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}")
_MAX_NAMED = 200  # unknown labels and faults that the log names
_FAULTS = {
    "malformed": "payloads without the field that its input names, or of another kind",
    "late": f"payloads whose time is more than {LATE_S:g} s from this machine's clock",
}  # those that a config or a clock may cause; what they quote is never a payload

_Handler = Callable[[Taken], Said | Ignored | None]


def my_places(hub: Hub) -> dict[str, Place]:
    """The places of this hub's part: each place belongs to one part, whichever other places there are."""
    number, of = (int(part) for part in hub.part.split("/"))
    return {name: place for name, place in hub.places.items() if crc32(name.encode()) % of == number - 1}


class Routes:
    """Used by the hub's thread alone."""

    def __init__(self, hub: Hub, root: str, scorer: TextScorer | None) -> None:
        """``scorer`` scores the words of text inputs; without one they are no evidence."""
        self.places = {name: PlaceSources(place, hub.labels) for name, place in my_places(hub).items()}
        self.counts: Counter[str] = Counter()
        self._handlers: dict[str, list[tuple[str, _Handler]]] = {}
        self._word_topics: set[str] = set()  # topics whose payloads are never quoted
        self._named: set[tuple[str, str]] = set()
        self._news: deque[str] = deque(maxlen=_MAX_NAMED)
        for name, place in my_places(hub).items():
            for node in place.voice:
                for topic in VOICE_TOPICS:
                    handler: _Handler = partial(self._voice, self.places[name], node, topic.name)
                    self._handlers.setdefault(full_name(root, node, topic), []).append((name, handler))
            for one in map(complete, place.inputs):
                reader = Reader(one, hub.labels, scorer)
                read: _Handler = partial(self._input, self.places[name], one.name, reader)
                self._handlers.setdefault(one.topic, []).append((name, read))
                if one.kind == "text":
                    self._word_topics.add(one.topic)

    def adopt(self, before: "Routes") -> None:
        """Continue with the counts of ``before``, and with the sources of its places."""
        self.counts = before.counts
        for name, place in self.places.items():
            if name in before.places:
                place.adopt(before.places[name])

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics to subscribe to."""
        return tuple(self._handlers)

    @property
    def has_words(self) -> bool:
        """Whether any topic has words to be scored."""
        return bool(self._word_topics)

    def take(self, taken: Taken, now_s: float) -> Iterator[str]:
        """Hand a message to the places of its topic; yields the places that it changes."""
        if now_s - taken.at_s > LATE_S:
            self.counts["late"] += 1
            return
        ignored: list[Ignored] = []
        accepted = False
        for place, handler in self._handlers.get(taken.topic, ()):  # none of one that a reload took away
            result = handler(taken)
            unknown = () if result is None else result.unknown
            self._name_unknown(taken.topic, unknown)
            if isinstance(result, Ignored):
                ignored.append(result)
                continue
            accepted = True
            self.counts["unknown_labels"] += bool(unknown)
            yield place
        if accepted:
            self.counts["accepted"] += 1
        elif ignored:  # one message counts once, however many places its topic has
            others = [one.fault for one in ignored if one.fault != "elsewhere"]
            fault = others[0] if others else "elsewhere"
            self.counts[fault] += 1
            if fault in _FAULTS:
                self._say_once(taken.topic, fault, f"{_FAULTS[fault]}; they are ignored and counted")

    def lost(self, now_s: float) -> None:
        """The connection is lost."""
        for place in self.places.values():
            place.voice.lost(now_s)

    def news(self) -> Iterator[str]:
        """Unknown labels and faults that were not named before, in words, for the log."""
        while self._news:
            yield self._news.popleft()

    @staticmethod
    def _voice(place: PlaceSources, node: str, topic: str, taken: Taken) -> Said | Ignored | None:
        return place.voice.read(node, topic, taken.payload, taken.at_s, time.time())

    @staticmethod
    def _input(place: PlaceSources, name: str, reader: Reader, taken: Taken) -> Said | Ignored:
        result = reader.read(taken.payload)
        if isinstance(result, Said):
            place.take(name, result, taken.at_s)
        return result

    def _name_unknown(self, topic: str, labels: tuple[str, ...]) -> None:
        """Name each unknown label once; text that does not look like a label could be a sentence, and is not quoted."""
        for label in labels:
            quoted = repr(label) if _LIKE_A_LABEL.fullmatch(label) and topic not in self._word_topics else "a text"
            self._say_once(topic, quoted, f"{quoted} is no label of the hub: add it to the input's map")

    def _say_once(self, topic: str, what: str, words: str) -> None:
        if (topic, what) not in self._named and len(self._named) < _MAX_NAMED:
            self._named.add((topic, what))
            self._news.append(f"{topic}: {words}")
