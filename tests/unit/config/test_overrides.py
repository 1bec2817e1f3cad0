"""Settings by command: they override the config, survive restarts and faulty disks; unreadable state means muted."""

import logging
import threading
from pathlib import Path

import pytest

from edged.config.load import parse_config
from edged.config.overrides import NAME, Overrides, muted_by_command, overrides_for
from edged.config.structs import Config
from edged.errors import CaptureError
from tests.parts.broker.mosquitto import wait_until

_CONFIG = "{audio: {muted: true}, tracker: {enter_for: {angry: 0.7, happy: 0.9}}, log_level: error}"
LABELS = ("angry", "happy", "neutral")


def test_nothing_set_changes_nothing(tmp_path: Path) -> None:
    """Without commands neither config nor disk changes."""
    overrides = Overrides(tmp_path / NAME, LABELS)
    config = parse_config("tracker: {enter_for: {angry: 0.7}}", "test")
    assert overrides.applied_to(config) is config
    assert (overrides.muted, overrides.keys, list(tmp_path.iterdir())) == (None, [], [])


def test_command_overrides_the_config(tmp_path: Path) -> None:
    """Commands override label by label; other labels keep the config's value."""
    overrides = Overrides(tmp_path / NAME, LABELS)
    overrides.enter_for["happy"] = 0.2
    overrides.muted, overrides.baseline, overrides.log_level = False, "frozen", "debug"
    config = overrides.applied_to(parse_config(_CONFIG, "test"))
    assert not config.audio.muted
    assert config.tracker.enter_for == {"angry": 0.7, "happy": 0.2}
    assert (config.baseline.mode, config.log_level) == ("frozen", "debug")
    assert overrides.keys == ["tracker.enter_for.happy", "audio.muted", "baseline.mode", "log_level"]


def test_saved_over_a_restart(tmp_path: Path) -> None:
    """All except the log level survive; the folder is private, without temporary files."""
    file = tmp_path / "state" / NAME
    overrides = Overrides(file, LABELS)
    overrides.muted, overrides.baseline, overrides.log_level = True, "off", "debug"
    overrides.enter_for["angry"] = 0.75
    assert overrides.save() == ""
    again = Overrides(file, LABELS)
    assert (again.muted, again.baseline, again.log_level, again.enter_for) == (True, "off", None, {"angry": 0.75})
    assert [entry.name for entry in file.parent.iterdir()] == [NAME]
    assert file.parent.stat().st_mode & 0o77 == 0


def test_labels_of_another_bundle_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Unknown labels are logged and dropped; the rest applies."""
    overrides = Overrides(tmp_path / NAME, (*LABELS, "tense"))
    overrides.enter_for.update(tense=0.4, angry=0.8)
    overrides.save()
    assert Overrides(tmp_path / NAME, LABELS).enter_for == {"angry": 0.8}
    assert "['tense']" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"version": 2, "muted": false, "enter_for": {}, "baseline": null}',
        b'{"version": 1, "muted": "no", "enter_for": {}, "baseline": null}',
        b'{"version": 1, "muted": false, "enter_for": {"angry": 7}, "baseline": null}',
    ],
)
def test_damaged_file_leaves_the_device_muted(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may have been muted, so it stays muted until a command; the file is set aside."""
    file = tmp_path / NAME
    file.write_bytes(content)
    assert muted_by_command(tmp_path / NAME)
    overrides = Overrides(file, LABELS)
    assert overrides.muted
    assert "muted until a command unmutes" in caplog.text
    assert "\n" not in caplog.messages[-1]
    assert (tmp_path / f"{NAME}.damaged").read_bytes() == content[:65_536]
    again = Overrides(file, LABELS)
    assert again.muted
    again.muted = False
    assert again.save() == ""
    assert not Overrides(file, LABELS).muted


def test_file_that_cannot_be_read_means_muted(tmp_path: Path) -> None:
    """A folder in place of the file means muted."""
    (tmp_path / NAME).mkdir()
    assert Overrides(tmp_path / NAME, LABELS).muted
    with pytest.raises(
        CaptureError, match=r"commands\.json: Is a directory; the microphone may be muted, so it is not opened"
    ):
        muted_by_command(tmp_path / NAME)


def test_disk_that_refuses_is_named_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A file in place of the folder is logged at once; a minute later, with the path free, the state is saved."""
    caplog.set_level(logging.INFO)
    now_s = [1000.0]
    monkeypatch.setattr("edged.config.overrides.time.monotonic", lambda: now_s[0])
    blocked = tmp_path / "state"
    blocked.write_text("")
    overrides = Overrides(None, LABELS)
    assert overrides.save() == "there is no state directory"
    overrides = Overrides(tmp_path / "none" / NAME, LABELS)
    assert overrides._file is not None  # noqa: SLF001 -- needed by the next line
    overrides._file.path = blocked / NAME  # noqa: SLF001 -- at the start it would be unreadable state
    overrides.muted = True
    assert overrides.save().startswith(f"{blocked / NAME}: ")
    blocked.unlink()
    overrides.retry_save()
    assert not blocked.exists()
    now_s[0] += 61
    overrides.retry_save()
    assert Overrides(blocked / NAME, LABELS).muted
    assert "settings made by command are saved now" in caplog.text
    now_s[0] += 61
    (blocked / NAME).unlink()
    overrides.retry_save()
    assert not (blocked / NAME).exists()


def test_disk_that_hangs_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline continues after its wait; the settings are written once the disk responds."""
    monkeypatch.setattr("edged.config.overrides._DEADLINE_S", 0.05)
    monkeypatch.setattr("edged.config.overrides._RETRY_S", 0.0)
    answers = threading.Event()
    monkeypatch.setattr("edged.host.state_file.os.fsync", lambda _file: answers.wait(60))
    overrides = Overrides(tmp_path / NAME, LABELS)
    overrides.muted = True
    assert overrides.save() == f"{tmp_path / NAME}: the disk does not answer"
    overrides.enter_for["angry"] = 0.9
    assert overrides.save() == f"{tmp_path / NAME}: the disk does not answer"
    answers.set()

    def is_saved() -> bool:
        overrides.retry_save()
        return Overrides(tmp_path / NAME, LABELS).enter_for == {"angry": 0.9}

    wait_until(is_saved, "what was set while the disk hung is kept")
    assert Overrides(tmp_path / NAME, LABELS).muted


def test_lies_in_the_state_directory(tmp_path: Path) -> None:
    """The file is in the configured state folder; without it nothing is set."""
    config = Config(state_dir=str(tmp_path))
    assert muted_by_command(tmp_path / NAME) is None
    overrides = overrides_for(config, LABELS)
    overrides.muted = True
    overrides.save()
    assert (tmp_path / NAME).exists()
    assert muted_by_command(tmp_path / NAME)
