"""Reports to the broker, the log and systemd when sound comes, goes, or is muted."""

import logging

import pytest

from edged.contract.topics import Topic
from edged.pipeline.source_watch import SourceWatch
from tests.parts.fakes import FakeSource


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notifications to systemd."""
    words: list[str] = []
    monkeypatch.setattr("edged.pipeline.source_watch.notify", lambda *states: words.extend(states))
    return words


class Bench:
    """A source with a settable status, and what was published about it."""

    def __init__(self) -> None:
        self.source = FakeSource([])
        self.published: list[tuple[str, str]] = []
        self.watch = SourceWatch(self.source, self._publish)

    def _publish(self, topic: Topic, word: str) -> None:
        self.published.append((topic.name, word))


def test_change_is_reported_once(notices: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """A change is reported by the topic, one log line and STATUS=; a second check reports nothing."""
    caplog.set_level(logging.INFO)
    bench = Bench()
    assert bench.watch.check() is None
    bench.source.change(state="offline", trouble="not found")
    assert bench.watch.check() == "discontinuity"
    assert bench.watch.check() is None
    assert bench.published == [("capture", "online"), ("capture", "offline")]
    assert caplog.messages == ["capture online: fake", "capture offline: not found"]
    assert notices.count("STATUS=No sound (offline): not found") == 2  # with READY=1, and as a change


def test_opening_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A device being opened is offline for the broker, but not logged until sound arrives."""
    caplog.set_level(logging.INFO)
    bench = Bench()
    bench.source.change(state="offline")
    bench.watch.check()
    bench.source.change(state="online")
    bench.watch.check()
    assert bench.published == [("capture", "offline"), ("capture", "online")]
    assert caplog.messages == ["capture online: fake"]


def test_ready_comes_once(notices: list[str]) -> None:
    """READY comes with the first sound, or once it is clear that there is none."""
    bench = Bench()
    bench.watch.check()
    assert "READY=1" not in notices
    bench.source.change(trouble="not found")
    bench.watch.check()
    bench.watch.ready()
    assert notices.count("READY=1") == 1


def test_mute_is_no_discontinuity(notices: list[str]) -> None:
    """The episode ends as stopped, also if the microphone's own switch had muted it before."""
    bench = Bench()
    bench.source.change(state="muted", trouble="nothing but one value")
    assert bench.watch.check() is None
    bench.source.change(muted=True, trouble="muted by command or config")
    assert bench.watch.check() == "stopped"
    assert bench.published == [("capture", "muted")]
    assert "STATUS=No sound (muted): muted by command or config" in notices


def test_rounds_feed_the_watchdog(notices: list[str]) -> None:
    """Each completed try feeds the watchdog once, and nothing else does."""
    bench = Bench()
    for n_tries in (0, 1, 1, 2):
        bench.source.change(n_tries=n_tries)
        bench.watch.check()
    assert notices.count("WATCHDOG=1") == 2


def test_note_is_gone_after_a_minute(notices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """STATUS= shows the note at once, for a minute."""
    now_s = [100.0]
    monkeypatch.setattr("edged.pipeline.source_watch.time.monotonic", lambda: now_s[0])
    bench = Bench()
    bench.watch.note("Identified by command")
    assert notices == ["STATUS=Identified by command; Listening to fake"]
    now_s[0] += 61
    assert bench.watch.status == "Listening to fake"


def test_reloading_is_reported_only_after_ready(notices: list[str]) -> None:
    """systemd accepts no reload of a unit that is not ready."""
    bench = Bench()
    with bench.watch.reloading():
        pass
    assert notices == []
    bench.watch.ready()
    notices.clear()
    with bench.watch.reloading():
        assert notices[0] == "RELOADING=1"
    assert notices[-1] == "READY=1"


@pytest.mark.parametrize(("state", "said"), [("online", True), ("offline", False)])
def test_close_says_offline_unless_it_is(state: str, notices: list[str], *, said: bool) -> None:
    """Offline is not published twice."""
    del notices
    bench = Bench()
    bench.source.change(state="online" if state == "online" else "offline")
    bench.watch.check()
    bench.published.clear()
    bench.watch.close()
    assert bench.published == ([("capture", "offline")] if said else [])
