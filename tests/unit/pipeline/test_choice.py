"""Which bundle runs: by name, or measured once and kept."""

import shutil
from pathlib import Path

import msgspec
import pytest

from edged.config.load import parse_config
from edged.config.structs import Config
from edged.errors import ConfigError, ModelError
from edged.models.bundle import BUNDLES, DEFAULT_BUNDLE, load_bundle
from edged.models.cascade import preferred_runtime
from edged.pipeline.bundles import choice
from edged.pipeline.bundles.choice import NAME, Measured, Timing, choice_for, timed
from tests.parts.models.trunk_bundles import trunk_bundle


def config_with(bundle: str, folder: Path, more: str = "") -> Config:
    """The config that names ``bundle`` and keeps its state in ``folder``."""
    return parse_config(f"models: {{bundle: {bundle}{more}}}\nstate_dir: {folder}", "test")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A folder with a small bundle, and a tiny trunk for a large one."""
    folder = tmp_path / "shipped"
    shutil.copytree(DEFAULT_BUNDLE, folder / "small")
    trunk_bundle(folder / "large", "float")
    return folder


def taking(monkeypatch: pytest.MonkeyPatch, window_ms: float, available_mb: float | None = 500.0) -> list[str]:
    """Makes the large bundle take so long; a list that each measurement is added to."""
    measurements: list[str] = []
    runtime = preferred_runtime()

    def measured(_: Config, bundle: object) -> Timing:
        measurements.append(type(bundle).__name__)
        return Timing(runtime, "soft", window_ms)

    monkeypatch.setattr(choice, "timed", measured)
    monkeypatch.setattr(choice, "available_mb", lambda: available_mb)
    return measurements


@pytest.mark.parametrize("size", ["small", "large"])
def test_named_size(tmp_path: Path, size: str) -> None:
    """A size is a shipped bundle, without any measurement."""
    assert choice_for(config_with(size, tmp_path)).path == BUNDLES / size


def test_path(tmp_path: Path) -> None:
    """Anything else is a folder."""
    assert choice_for(config_with(str(tmp_path), tmp_path)).path == tmp_path


def test_slip_in_a_size(tmp_path: Path) -> None:
    """It could be a path, so the message has the sizes too, and no file of a bundle."""
    with pytest.raises(ConfigError, match=r"^bundle 'larg': no such folder, expected small, large, auto or a bundle's"):
        choice_for(config_with("larg", tmp_path))


def test_auto_without_large(tmp_path: Path) -> None:
    """Where only the small bundle is installed, it runs and nothing is kept."""
    shutil.copytree(DEFAULT_BUNDLE, tmp_path / "shipped" / "small")
    choice = choice_for(config_with("auto", tmp_path / "state"), keep=True, folder=tmp_path / "shipped")
    assert (choice.path.name, choice.reason) == ("small", "auto: no large bundle is installed")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("window_ms", "available_mb", "size"),
    [(10, 500.0, "large"), (124, 500.0, "large"), (125, 500.0, "small"), (10, 149.0, "small"), (10, None, "large")],
)
def test_auto_measures(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, window_ms: float, available_mb: float | None, size: str
) -> None:
    """A quarter of the stride and 150 MB decide, and the reason has the figures."""
    taking(monkeypatch, window_ms, available_mb)
    choice = choice_for(config_with("auto", shipped / "state"), folder=shipped)
    assert choice.path == shipped / size
    assert f"a window of large takes {window_ms:.1f} ms with " in choice.reason
    assert choice.reason.endswith("measured now")


def test_auto_is_kept(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slower moment at a later start changes nothing; deleting the file measures again."""
    config = config_with("auto", shipped / "state")
    taking(monkeypatch, 10)
    first = choice_for(config, keep=True, folder=shipped)
    assert first.reason.endswith("measured now and stored")
    measurements = taking(monkeypatch, 400)
    again = choice_for(config, keep=True, folder=shipped)
    assert (again.path, measurements) == (first.path, [])
    assert again.reason.endswith("measured before")
    (shipped / "state" / NAME).unlink()
    assert choice_for(config, folder=shipped).path == shipped / "small"
    assert not (shipped / "state" / NAME).exists()  # a command that only looks keeps nothing


@pytest.mark.parametrize("more", [", stride_s: 0.992", ", threads: 2"])
def test_auto_measures_again_for_another_load(shipped: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    """What was measured with other settings says nothing."""
    measurements = taking(monkeypatch, 10)
    choice_for(config_with("auto", shipped / "state"), keep=True, folder=shipped)
    choice_for(config_with("auto", shipped / "state", more), folder=shipped)
    assert len(measurements) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"bundle": "x"}'])
def test_auto_measures_again_after_damage(shipped: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """A damaged file is no fault."""
    (shipped / "state").mkdir()
    (shipped / "state" / NAME).write_bytes(content)
    measurements = taking(monkeypatch, 10)
    choice_for(config_with("auto", shipped / "state"), keep=True, folder=shipped)
    assert len(measurements) == 1
    assert msgspec.json.decode((shipped / "state" / NAME).read_bytes(), type=Measured).window_ms == 10


@pytest.mark.parametrize(("window_ms", "size"), [(10, "large"), (400, "small")])
def test_auto_where_nothing_can_be_kept(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, window_ms: float, size: str
) -> None:
    """A folder that cannot be made costs a line in the log, and the device runs what was measured."""
    (shipped / "file").write_text("")
    taking(monkeypatch, window_ms)
    choice = choice_for(config_with("auto", shipped / "file" / "state"), keep=True, folder=shipped)
    assert choice.path == shipped / size
    assert choice.reason.endswith("measured now")
    assert "models.bundle auto will be measured again" in caplog.text


def test_auto_with_damaged_large_bundle(shipped: Path) -> None:
    """It is refused as it would be by name."""
    (shipped / "large" / "trunk_float.tflite").write_bytes(b"")
    with pytest.raises(ModelError, match=r"trunk_float.tflite: sha256 is"):
        choice_for(config_with("auto", shipped / "state"), folder=shipped)


def test_timed_is_of_any_bundle(shipped: Path) -> None:
    """The time of a window, with the runtime and the routing that gave it."""
    for size in ("small", "large"):
        bundle = load_bundle(shipped / size)
        timing = timed(parse_config("", "test"), bundle)
        assert timing.window_ms > 0
        assert (timing.runtime, timing.routing) == (preferred_runtime(), bundle.manifest.routes.default)
