"""The hub's bounds at the broker's side: what is retained, large or too much; one topic's flood and another's order."""

from edged.contract.topics import Received
from edged.hub.intake import MAX_BYTES, Intake


class Clock:
    """Stands still until the test moves it."""

    now_s = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def received(topic: str, payload: bytes = b"x", *, retained: bool = False) -> Received:
    """A message."""
    return Received(topic, payload, retained)


def test_messages_in_order_of_arrival() -> None:
    """Over all topics, each with its time; unknown topics are not ours."""
    clock = Clock()
    intake = Intake(["a", "b", "a"], clock)
    assert intake.filters == ("a", "b")
    for topic in ("a", "b", "c", "a"):
        clock.now_s += 1
        intake.received(received(topic, topic.encode()))
    assert [(one.topic, one.at_s) for one in intake.taken()] == [("a", 101), ("b", 102), ("a", 104)]
    assert [*intake.taken()] == []


def test_retained_and_large_ones_are_ignored() -> None:
    """4 kB pass; the log names a large one once, and retained ones, which are usual, never."""
    intake = Intake(["a"], Clock())
    intake.received(received("a", retained=True))
    intake.received(received("a", b"x" * (MAX_BYTES + 1)))
    intake.received(received("a", b"x" * (MAX_BYTES + 1)))
    intake.received(received("a", b"x" * MAX_BYTES))
    assert [len(one.payload) for one in intake.taken()] == [MAX_BYTES]
    assert intake.refused == {"retained": 1, "too_large": 2}
    assert [*intake.first_refusals()] == [("a", "too_large")]
    assert [*intake.first_refusals()] == []


def test_flood_leaves_other_topics_as_they_are() -> None:
    """Its own budget ends; the others' messages all pass."""
    clock = Clock()
    intake = Intake(["flood", "b"], clock)
    for number in range(10_000):
        intake.received(received("flood"))
        if number % 1000 == 0:
            intake.received(received("b"))
    topics = [one.topic for one in intake.taken()]
    assert (topics.count("flood"), topics.count("b")) == (40, 10)
    assert intake.refused == {"too_many": 9960}
    clock.now_s += 1
    for _ in range(100):
        intake.received(received("flood"))
    assert len([*intake.taken()]) == 20


def test_queue_of_a_topic_is_bounded() -> None:
    """Also when the hub's thread takes nothing for long."""
    clock = Clock()
    intake = Intake(["a"], clock)
    for _ in range(1000):
        clock.now_s += 1
        intake.received(received("a"))
    assert len([*intake.taken()]) == 64


def test_lost_connection_is_reported_once() -> None:
    """And wakes the hub's thread."""
    intake = Intake(["a"])
    intake.connected()
    assert not intake.was_lost()
    intake.lost()
    intake.wait(60)
    assert intake.was_lost()
    assert not intake.was_lost()
