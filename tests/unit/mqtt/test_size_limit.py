"""When a lost connection counts as caused by a too large packet; with a fake clock."""

from edged.mqtt.size_limit import SizeLimit


class Link:
    """A connection that is made and lost, with a clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.limit = SizeLimit("broker a:1883", clock=lambda: self.now_s)
        self._mid = 0

    def send(self, topic: str, n_bytes: int, qos: int = 1) -> int:
        """Send one packet; returns its mid."""
        packet = self.limit.sending(topic, n_bytes, qos)
        self._mid += 1
        self.limit.sent(packet, self._mid)
        return self._mid

    def loses_connection_after(
        self, *packets: tuple[str, int], within_s: float = 0.01, answered: int = 0, qos: int = 1
    ) -> bool:
        """Connect, send ``packets``, acknowledge the first ``answered``, and lose the connection."""
        self.limit.connected(None)
        mids = [self.send(topic, n_bytes, qos) for topic, n_bytes in packets]
        for mid in mids[:answered]:
            self.limit.acknowledged(mid)
        self.now_s += within_s
        return self.limit.lost()


def test_second_loss_after_the_same_large_packet_reveals_the_limit() -> None:
    """The first loss may be a coincidence."""
    link = Link()
    assert not link.loses_connection_after(("small", 300), ("large", 9000))
    assert link.limit.max_bytes is None
    assert link.loses_connection_after(("small", 300), ("large", 9000))
    assert link.limit.max_bytes == 8999
    assert not link.limit.fits("large", 9000)
    assert link.limit.fits("small", 300)
    assert link.limit.left_out == ["large"]


def test_packet_that_was_answered_is_not_the_cause_unless_the_loss_follows_at_once() -> None:
    """mosquitto 2.0.11 acknowledges a packet and then disconnects; an older acknowledgement clears a packet."""
    link = Link()
    for _ in range(5):
        assert not link.loses_connection_after(("large", 9000), within_s=2.0, answered=1)
        assert not link.loses_connection_after(("large", 9000), ("small", 100), answered=2)
    assert not link.loses_connection_after(("large", 9000), answered=1)
    assert link.loses_connection_after(("large", 9000), answered=1)


def test_loss_that_follows_no_packet_reveals_nothing() -> None:
    """A lost network, a stopped broker, or a packet smaller than any limit reveals nothing."""
    link = Link()
    for _ in range(5):
        assert not link.loses_connection_after()
        assert not link.loses_connection_after(("large", 9000), within_s=60.0)
        assert not link.loses_connection_after(("tiny", 150))


def test_losses_at_other_packets_are_not_in_a_row() -> None:
    """A different packet was in flight each time."""
    link = Link()
    for _ in range(3):
        assert not link.loses_connection_after(("a", 500))
        assert not link.loses_connection_after(("b", 600))
    link.limit.connected(None)
    mid = link.send("b", 600)  # arrives this time, and so do later packets
    link.limit.acknowledged(mid)
    link.limit.acknowledged(link.send("c", 100))
    link.send("d", 100)
    assert not link.limit.lost()
    assert not link.loses_connection_after(("b", 600))


def test_packet_without_an_answer_is_cleared_by_a_later_answer() -> None:
    """With QoS 0 a later acknowledgement shows that the broker accepted it."""
    link = Link()
    for _ in range(3):
        link.limit.connected(None)
        link.send("window", 700, qos=0)
        link.limit.acknowledged(link.send("state", 100))
        link.now_s += 1
        assert not link.limit.lost()
    assert not link.loses_connection_after(("window", 700), qos=0)
    assert link.loses_connection_after(("window", 700), qos=0)


def test_inferred_limit_expires_after_a_day_and_a_stated_one_with_its_connection() -> None:
    """The broker's setting may have changed."""
    link = Link()
    link.loses_connection_after(("large", 9000))
    link.loses_connection_after(("large", 9000))
    link.now_s += 86_399
    link.limit.connected(5000)
    assert link.limit.max_bytes == 5000
    link.limit.connected(None)
    assert link.limit.max_bytes == 8999
    link.now_s += 1
    link.limit.connected(None)
    assert link.limit.max_bytes is None
    assert link.limit.fits("large", 9000)
    assert link.limit.left_out == []


def test_broker_that_says_too_large_is_believed_at_once() -> None:
    """MQTT 5 reason code, before or after the mid is known here."""
    link = Link()
    link.limit.acknowledged(link.send("large", 9000), too_large=True)
    assert link.limit.max_bytes == 8999
    packet = link.limit.sending("other", 5000, 1)
    link.limit.acknowledged(77, too_large=True)
    link.limit.sent(packet, 77)
    assert link.limit.max_bytes == 4999
