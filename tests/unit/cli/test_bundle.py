"""The bundle that a command loads, and what the log says of its choice."""

import logging
from pathlib import Path

import pytest

from edged.cli.bundle import bundle_of, prepared
from edged.cli.config_file import ConfigFile
from edged.config.load import parse_config
from edged.errors import ConfigError, ModelError
from edged.models.bundle import BUNDLES
from tests.parts.models.trunk_bundles import trunk_bundle


def test_auto_is_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the bundle and the reason; one of the shipped ones is loaded under the name of its size."""
    caplog.set_level(logging.INFO)
    bundle = bundle_of(parse_config(f"models: {{bundle: auto}}\nstate_dir: {tmp_path}", "test"), keep=True)
    size = bundle.path.name
    assert bundle.path.parent == BUNDLES
    assert bundle.title == f"{size} {bundle.manifest.version}"
    assert any(line.startswith(f"bundle {size}: auto: ") for line in caplog.messages)


def test_path_is_loaded_under_its_own_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A bundle elsewhere has the name in its manifest, and there is no choice to explain."""
    caplog.set_level(logging.INFO)
    trunk_bundle(tmp_path / "mine", "int8")
    bundle = bundle_of(parse_config(f"models: {{bundle: {tmp_path / 'mine'}}}", "test"))
    assert bundle.title == "tiny 1"
    assert caplog.messages == []


def test_size_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused with its folder."""
    monkeypatch.setattr("edged.pipeline.bundles.choice.choice_for.__kwdefaults__", {"keep": False, "folder": tmp_path})
    with pytest.raises(ModelError, match=r"large/bundle.json: No such file or directory"):
        bundle_of(parse_config("models: {bundle: large}", "test"))


@pytest.mark.parametrize("of_calls", [True, False])
def test_weights_of_calls_fit_the_bundle(tmp_path: Path, *, of_calls: bool) -> None:
    """They are refused at the start, with the file: for recorded calls, and by `edged run` for live ones."""
    file = tmp_path / "config.yaml"
    file.write_text(f"calls: {{weights: {{joy: 1}}, live: {'off' if of_calls else 'on'}}}")
    with pytest.raises(ConfigError, match=f"^{file}: calls.weights has joy, expected labels of the bundle: angry, "):
        prepared(ConfigFile(file), of_calls=of_calls)


def test_weights_that_nobody_uses_are_left_alone(tmp_path: Path) -> None:
    """A device with a bundle of other labels, and without calls, keeps the default weights."""
    file = tmp_path / "config.yaml"
    file.write_text("calls: {weights: {joy: 1}}")
    assert prepared(ConfigFile(file))[0].calls.weights == {"joy": 1}
