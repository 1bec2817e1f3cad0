"""What is told when sound comes, goes, or is not wanted: to the broker, to the log, to systemd."""

import logging

import pytest

from edged.contract.topics import Topic
from edged.pipeline.source_watch import SourceWatch
from tests.parts.fakes import FakeSource


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What systemd is told."""
    words: list[str] = []
    monkeypatch.setattr("edged.pipeline.source_watch.notify", lambda *states: words.extend(states))
    return words


class Bench:
    """A source of which a test says how it is, and what was published of it."""

    def __init__(self) -> None:
        self.source = FakeSource([])
        self.published: list[tuple[str, str]] = []
        self.watch = SourceWatch(self.source, self._publish)

    def _publish(self, topic: Topic, word: str) -> None:
        self.published.append((topic.name, word))


def test_change_is_told_once(told: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """The topic, one line of the log and STATUS= follow a change; a second look finds nothing new."""
    caplog.set_level(logging.INFO)
    bench = Bench()
    assert bench.watch.check() is None
    bench.source.change(state="offline", trouble="not found")
    assert bench.watch.check() == "discontinuity"
    assert bench.watch.check() is None
    assert bench.published == [("capture", "online"), ("capture", "offline")]
    assert caplog.messages == ["capture online: fake", "capture offline: not found"]
    assert told.count("STATUS=No sound (offline): not found") == 2  # with READY=1, and as a change


def test_ready_comes_once(told: list[str]) -> None:
    """With the first sound, or when it is known that there is none."""
    bench = Bench()
    bench.watch.check()
    assert "READY=1" not in told
    bench.source.change(trouble="not found")
    bench.watch.check()
    bench.watch.ready()
    assert told.count("READY=1") == 1


def test_mute_is_no_discontinuity(told: list[str]) -> None:
    """What ends then was stopped; a source that was muted by a switch of its own before is told apart."""
    bench = Bench()
    bench.source.change(state="muted", trouble="nothing but one value")
    assert bench.watch.check() is None
    bench.source.change(muted=True, trouble="muted by command or config")
    assert bench.watch.check() == "stopped"
    assert bench.published == [("capture", "muted")]
    assert "STATUS=No sound (muted): muted by command or config" in told


def test_rounds_feed_the_watchdog(told: list[str]) -> None:
    """Each round once, and no look without one."""
    bench = Bench()
    for n_tries in (0, 1, 1, 2):
        bench.source.change(n_tries=n_tries)
        bench.watch.check()
    assert told.count("WATCHDOG=1") == 2


def test_note_is_gone_after_a_minute(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """STATUS= says it at once, and no longer than that."""
    now_s = [100.0]
    monkeypatch.setattr("edged.pipeline.source_watch.time.monotonic", lambda: now_s[0])
    bench = Bench()
    bench.watch.note("Identified by command")
    assert told == ["STATUS=Identified by command; Listening to fake"]
    now_s[0] += 61
    assert bench.watch.status == "Listening to fake"


def test_reloading_is_told_only_after_ready(told: list[str]) -> None:
    """systemd knows of no reload of what is not up."""
    bench = Bench()
    with bench.watch.reloading():
        pass
    assert told == []
    bench.watch.ready()
    told.clear()
    with bench.watch.reloading():
        assert told[0] == "RELOADING=1"
    assert told[-1] == "READY=1"


@pytest.mark.parametrize(("state", "said"), [("online", True), ("offline", False)])
def test_close_says_offline_unless_it_is(state: str, told: list[str], *, said: bool) -> None:
    """Once is enough."""
    del told
    bench = Bench()
    bench.source.change(state="online" if state == "online" else "offline")
    bench.watch.check()
    bench.published.clear()
    bench.watch.close()
    assert bench.published == ([("capture", "offline")] if said else [])
