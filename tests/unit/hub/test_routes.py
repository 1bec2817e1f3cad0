"""Topics to places, counts of what was ignored, unknown labels named once, and parts of the places."""

import pytest

from edged.config.hub.structs import Hub, Input, Place
from edged.hub.intake import Taken
from edged.hub.routes import Routes, my_places
from tests.unit.hub.test_inputs import Words

_SITES = {
    site: Place(inputs=[Input(preset="rhasspy", where={"siteId": site}), Input(kind="label", topic=f"cam/{site}")])
    for site in ("attic", "kitchen")
}


def routes(**places: Place) -> Routes:
    """For these places."""
    return Routes(Hub(places=places or {**_SITES}), "edged", Words())


def take(routes: Routes, topic: str, payload: str, *, at_s: float = 0, now_s: float = 0) -> list[str]:
    """The places that a message says something about."""
    return [*routes.take(Taken(topic, payload.encode(), at_s), now_s)]


def test_topics_of_voice_and_inputs() -> None:
    """Three of each node, one of each input, each once."""
    made = routes(kitchen=Place(voice=["a", "b"], inputs=[Input(kind="text", topic="t")]), hall=Place(voice=["a"]))
    below = ("emotion", "capture", "availability")
    assert set(made.topics) == {*(f"edged/{node}/{name}" for node in "ab" for name in below), "t"}


def test_one_topic_of_several_places() -> None:
    """The message counts once, for the place that it is about."""
    made = routes()
    assert take(made, "hermes/asr/textCaptured", '{"text": "I hate it", "siteId": "kitchen"}') == ["kitchen"]
    assert take(made, "hermes/asr/textCaptured", '{"text": "I hate it", "siteId": "cellar"}') == []
    assert made.counts == {"accepted": 1, "elsewhere": 1, "unknown_labels": 0}
    assert made.places["kitchen"].fused(0).sources["text"].label == "angry"
    assert made.places["attic"].fused(0).emotion == "none"


@pytest.mark.parametrize(
    ("topic", "payload", "fault"),
    [
        ("hermes/asr/textCaptured", "{", "malformed"),
        ("hermes/asr/textCaptured", '{"text": "hm", "siteId": "attic"}', "no_evidence"),
        ("cam/attic", "woozy", "unknown_labels"),
    ],
)
def test_ignored_message_is_counted(topic: str, payload: str, fault: str) -> None:
    """Once."""
    made = routes()
    assert take(made, topic, payload) == []
    assert {name: n for name, n in made.counts.items() if n} == {fault: 1}


def test_message_that_waited_is_late() -> None:
    """Longer than ten seconds in our own queue."""
    made = routes()
    assert take(made, "cam/attic", "happy", at_s=0, now_s=10.1) == []
    assert made.counts["late"] == 1
    assert take(made, "cam/attic", "happy", at_s=0, now_s=9.9) == ["attic"]


def test_unknown_label_is_named_once() -> None:
    """For each topic; what could be a sentence is not quoted, nor anything on a topic with words."""
    made = routes()
    for _ in range(3):
        take(made, "cam/attic", "woozy")
    take(made, "cam/kitchen", "woozy")
    take(made, "cam/kitchen", "this is none of your business at all")
    assert [*made.news()] == [
        "cam/attic: 'woozy' is no label of the hub: add it to the input's map",
        "cam/kitchen: 'woozy' is no label of the hub: add it to the input's map",
        "cam/kitchen: a text is no label of the hub: add it to the input's map",
    ]
    assert [*made.news()] == []
    both = routes(hall=Place(inputs=[Input(kind="text", topic="t"), Input(kind="label", topic="t")]))
    take(both, "t", "secret")
    assert [*both.news()] == ["t: a text is no label of the hub: add it to the input's map"]


def test_fault_is_named_once() -> None:
    """What a wrong path or a wrong clock causes; a payload is never quoted, and one for another site is no fault."""
    made = routes(
        attic=Place(inputs=[Input(kind="label", topic="cam/attic", label="l", time="t")]),
        kitchen=Place(inputs=[Input(preset="rhasspy", where={"siteId": "kitchen"})]),
    )
    for _ in range(2):
        take(made, "cam/attic", '{"t": 0, "secret": "secret"}')
        take(made, "cam/attic", "{secret")
        take(made, "hermes/asr/textCaptured", '{"siteId": "kitchen", "txt": "secret"}')
        take(made, "hermes/asr/textCaptured", '{"siteId": "secret", "text": "secret"}')
    malformed = "payloads without the field that its input names, or of another kind; they are ignored and counted"
    assert [*made.news()] == [
        "cam/attic: payloads whose time is more than 10 s from this machine's clock; they are ignored and counted",
        f"cam/attic: {malformed}",
        f"hermes/asr/textCaptured: {malformed}",
    ]


def test_names_are_bounded() -> None:
    """A flood of labels is no flood in the log."""
    made = routes()
    for number in range(1000):
        take(made, "cam/attic", "x" + "".join(chr(97 + int(digit)) for digit in str(number)))
    assert len([*made.news()]) == 200


def test_voice_reaches_its_place() -> None:
    """By the node's name."""
    made = routes(kitchen=Place(voice=["a"]))
    assert take(made, "edged/a/availability", "offline") == ["kitchen"]
    assert take(made, "edged/a/emotion", "{}") == []
    assert made.counts["malformed"] == 1


def test_parts_share_the_places() -> None:
    """Each place belongs to one part, and stays there when others come."""
    names = [f"room{number}" for number in range(100)]
    places = {name: Place(voice=[name]) for name in names}
    parts = [my_places(Hub(places=places, part=f"{number}/3")) for number in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert all(20 < len(part) < 50 for part in parts)
    fewer = my_places(Hub(places={name: places[name] for name in names[:50]}, part="1/3"))
    assert set(fewer) == set(parts[0]) & set(names[:50])
