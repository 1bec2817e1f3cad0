"""Reloading the config: what takes effect, what needs a restart, what is refused."""

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from edged.audio.ring import AudioChunk
from edged.config.load import load_config, parse_config
from edged.config.reload import LIVE, Reload
from edged.config.structs import Config
from edged.errors import ConfigError
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.pipeline.daemon import Daemon
from tests.parts.fakes import FakeSource, RecordingSink
from tests.parts.sound.speech import RATE_HZ

_LOG = "edged.config.reload"


def reload_of(*texts: str) -> Reload:
    """The first config is in force; each reload gets the next one."""
    first, *others = texts
    following = iter(others)
    return Reload(parse_config(first, "old"), lambda: parse_config(next(following), "config.yaml"))


def test_live_keys_take_effect(caplog: pytest.LogCaptureFixture) -> None:
    """New thresholds, gate, period and log level apply; the log has old and new values."""
    caplog.set_level(logging.INFO, _LOG)
    config = reload_of("", "{gate: {margin_db: 15}, tracker: {enter: 0.7}, health_s: 30, log_level: debug}").config()
    assert (config.gate.margin_db, config.tracker.enter, config.health_s) == (15, 0.7, 30)
    assert logging.getLogger().level == logging.DEBUG
    assert "gate.margin_db 12.0 -> 15.0, tracker.enter 0.6 -> 0.7, health_s 60 -> 30" in caplog.messages[-1]


def test_other_keys_are_named_and_stay(caplog: pytest.LogCaptureFixture) -> None:
    """Keys that need a restart keep their values; one line names them, again at the next reload."""
    text = "{node: attic, audio: {device: usb}, mqtt: {host: far, port: 2}, models: {threads: 2}, gate: {margin_db: 9}}"
    reload = reload_of("", text, text)
    config = reload.config()
    assert (config.node, config.audio, config.mqtt, config.models) == (
        "",
        Config().audio,
        Config().mqtt,
        Config().models,
    )
    assert config.gate.margin_db == 9
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("needs a restart: node, audio.device, models.threads, mqtt.host, mqtt.port")
    reload.config()
    assert "nothing changed; needs a restart: node" in caplog.messages[1]


def test_faulty_config_is_refused_whole(caplog: pytest.LogCaptureFixture) -> None:
    """One bad key: nothing of the file applies, and one line has the fault."""
    reload = reload_of("health_s: 20", "{health_s: 30, tracker: {leave: 0.9}}")
    assert reload.config() == Config(health_s=20)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(
        "config refused, the old one stays in force: config.yaml: tracker.leave is 0.9, "
    )


def test_deleted_config_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A missing file is a fault, not the defaults."""
    file = tmp_path / "config.yaml"
    file.write_text("health_s: 20")
    reload = Reload(load_config(file), lambda: load_config(file))
    file.unlink()
    assert reload.config().health_s == 20
    assert "No such file" in caplog.text


def test_signal_while_reading_asks_again() -> None:
    """A SIGHUP during a reload is not lost."""

    def load() -> Config:
        reload.asked.set()
        raise ConfigError("half written")

    reload = Reload(Config(), load)
    reload.asked.set()
    reload.config()
    assert reload.asked.is_set()


def test_kind_of_gate_stays(caplog: pytest.LogCaptureFixture) -> None:
    """The kind of gate needs a restart; the rest of its section applies at once."""
    config = reload_of("", "gate: {kind: level, min_dbfs: -50}").config()
    assert (config.gate.kind, config.gate.min_dbfs) == ("auto", -50)
    assert "gate.min_dbfs -80.0 -> -50.0; needs a restart: gate.kind" in caplog.messages[-1]


def test_live_keys_exist() -> None:
    """Every live key exists in the config."""
    assert set(Config().__struct_fields__) > LIVE


def test_mute_is_live_within_its_section(caplog: pytest.LogCaptureFixture) -> None:
    """The mute applies at once; other keys of its section need a restart."""
    caplog.set_level(logging.INFO, _LOG)
    config = reload_of("", "audio: {muted: true, gain_db: 3}").config()
    assert (config.audio.muted, config.audio.gain_db) == (True, 0)
    assert caplog.messages == ["config read again: audio.muted False -> True; needs a restart: audio.gain_db"]


def test_daemon_changes_between_two_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the reload noise opens the gate; systemd gets RELOADING and READY."""
    notices: list[str] = []
    for module in ("pipeline.daemon", "pipeline.source_watch"):
        monkeypatch.setattr(f"edged.{module}.notify", lambda *states: notices.extend(states))
    noise = np.random.default_rng(4).normal(0, 1e-4, 8 * RATE_HZ).astype(np.float32)  # -80 dBFS
    loud = np.where(np.arange(len(noise)) // 8000 % 2, 30 * noise, noise).astype(np.float32)
    reload = reload_of("gate: {kind: level, min_dbfs: -10}", "gate: {kind: level, min_dbfs: -96, margin_db: 3}")

    class AskingSource(FakeSource):
        """Requests the reload after half of its sound."""

        def read(self, timeout_s: float) -> AudioChunk | None:
            chunk = super().read(timeout_s)
            if chunk is not None and chunk.start == 0:
                reload.asked.set()
            return chunk

    halves = [AudioChunk(loud, 0, 0.0), AudioChunk(loud, len(loud), len(loud) / RATE_HZ)]
    sink = RecordingSink()
    config = parse_config("gate: {kind: level, min_dbfs: -10}", "old")
    Daemon(config, load_bundle(DEFAULT_BUNDLE), AskingSource(halves), sink).run(threading.Event(), reload)
    speech = [window.speech for window in sink.windows]
    assert not any(speech[: len(speech) // 3])
    assert any(speech[len(speech) // 2 :])
    assert [state.split("=")[0] for state in notices if state.startswith(("READY", "RELOADING"))] == [
        "READY",
        "RELOADING",
        "READY",
    ]
    assert not reload.asked.is_set()
