"""Adaptation on disks and files that fail: the pipeline continues, and what is learned stays in memory."""

import json
import os
import threading
from pathlib import Path

import pytest

from edged.models.bundle import Bundle
from edged.pipeline.adaptation_store import AdaptationStore
from tests.parts.broker.mosquitto import wait_until
from tests.parts.faults.disk import Disk, card
from tests.parts.models.adapted import after_learning, bundle, config, speech_s

__all__ = ["bundle", "card"]


def test_damaged_file_is_copied(bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged file is logged and set aside, and learning starts from scratch."""
    file = tmp_path / "baseline.json"
    file.write_bytes(b'{"version": 1, "bun')
    after_learning(AdaptationStore(config(), bundle, file)).save()
    assert len(caplog.messages) == 1
    assert "saved as baseline.json.damaged" in caplog.text
    assert (tmp_path / "baseline.json.damaged").read_bytes() == b'{"version": 1, "bun'
    assert json.loads(file.read_bytes())["scores"]["heard_s"] > 100


def test_disk_that_refuses_is_named_once(bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that cannot be made gives one warning, however often it is tried, and learning continues."""
    (tmp_path / "state").write_text("in the way")
    store = AdaptationStore(config(), bundle, tmp_path / "state" / "baseline.json")
    store.select_microphone("usb")
    after_learning(store)
    store.save()
    store.save()
    assert sum("in memory only" in message for message in caplog.messages) == 1
    assert speech_s(store) > 100


def test_disk_that_hangs_is_left_behind(
    bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blocked write gives one warning and no second write in parallel, and the pipeline continues."""
    monkeypatch.setattr("edged.pipeline.adaptation_store._DEADLINE_S", 0.2)
    file = tmp_path / "baseline.json"
    hanging = tmp_path / "baseline.json.new"
    os.mkfifo(hanging)  # open for writing blocks until there is a reader
    store = after_learning(AdaptationStore(config(), bundle, file))
    try:
        store.save()
        store.save()
        writing = [thread for thread in threading.enumerate() if thread.name == "edged-baseline"]
        assert len(writing) == 1
        assert [message for message in caplog.messages if message.endswith("the disk does not answer")] != []
        assert sum("in memory only" in message for message in caplog.messages) == 1
    finally:
        assert hanging.read_bytes()
    writing[0].join(60)
    hanging.unlink(missing_ok=True)
    file.unlink(missing_ok=True)
    store.save()
    wait_until(file.exists, "the file again")
    assert json.loads(file.read_bytes())["scores"]["heard_s"] > 100


def test_forgetting_on_a_disk_that_hangs(
    bundle: Bundle, card: Disk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline continues, the log says that the file is still there, and it is deleted when the disk responds."""
    file = card.place / "baseline.json"
    after_learning(AdaptationStore(config(), bundle, file)).save()
    monkeypatch.setattr("edged.pipeline.adaptation_store._DEADLINE_S", 0.2)
    store = AdaptationStore(config(), bundle, file)
    store.select_microphone("usb")
    assert speech_s(store) > 100
    card.freeze()
    store.reset()
    assert "baseline.json is not deleted: the disk does not answer" in caplog.text
    assert speech_s(store) == 0
    card.thaw()
    wait_until(lambda: not file.exists(), "gone")
