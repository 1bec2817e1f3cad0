"""The layers: imports go one way, stages do not know each other, one third-party library has one file."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_FEATURES = "edged.features"
# Nothing of ours above them, then what knows only those, then what every stage may know.
_FIRST = ("edged.errors", "edged.config.strict_yaml", "edged.config.structs", "edged.config.priors", _FEATURES)
_SHARED = (
    "edged.config.load",
    "edged.host.backoff",
    "edged.models.bundle",
    "edged.contract.payloads",
    "edged.contract.topics",
    "edged.host.state_dir",
    "edged.host.identity",
)
_STAGES = (
    "edged.audio",
    "edged.models",
    "edged.events",
    "edged.mqtt",
    "edged.host.metrics",
    "edged.host.systemd",
    "edged.host.prometheus",
)
_MIDDLE = (
    "edged.models",
    "edged.events",
    "edged.host.metrics",
    "edged.host.systemd",
    "edged.pipeline.interfaces",
    "edged.pipeline.classifier",
    "edged.pipeline.adaptation_store",
    "edged.config.reload",
    "edged.config.overrides",
    "edged.host.addresses",
    "edged.pipeline.source_watch",
    "edged.pipeline.level",
    "edged.pipeline.status",
    "edged.contract.topics",
)
# Each is a command's whole work, for which it picks its own ends.
_COMMANDS = (
    "edged.cli.broker.discovery",
    "edged.cli.sensor.check",
    "edged.cli.sensor.classify",
    "edged.demo",
    "edged.cli.broker.history",
    "edged.cli.sensor.replay",
    "edged.cli.sensor.run",
    "edged.cli.arguments",
)
_ENDS = (
    "edged.audio",
    "edged.mqtt",
    "edged.pipeline.daemon",
    "edged.pipeline.control",
    "edged.host.prometheus",
    "edged.cli.signals",
    "edged.cli.terminal",
    *_COMMANDS,
)

# What a module may import of ours, itself and its own package aside; the first entry that fits a module counts.
_MAY_IMPORT: list[tuple[str, tuple[str, ...]]] = [
    ("edged.errors", ()),
    ("edged.config.strict_yaml", ("edged.errors",)),
    ("edged.config.structs", ()),
    ("edged.config.priors", ("edged.errors",)),
    (_FEATURES, ("edged.errors",)),
    *[(module, _FIRST) for module in _SHARED],
    *[(stage, (*_FIRST, *_SHARED)) for stage in _STAGES],
    ("edged.pipeline.interfaces", (*_FIRST, *_SHARED)),
    # The pipeline: handed its source and its sink, so it knows neither audio nor mqtt.
    ("edged.pipeline.classifier", (*_FIRST, *_SHARED, *_MIDDLE)),
    ("edged.pipeline.adaptation_store", (*_FIRST, *_SHARED, *_MIDDLE)),
    ("edged.config.overrides", (*_FIRST, *_SHARED)),
    ("edged.host.addresses", ()),
    ("edged.pipeline.source_watch", (*_FIRST, *_SHARED, *_MIDDLE)),
    ("edged.config.reload", (*_FIRST, *_SHARED, "edged.config.overrides")),
    ("edged.pipeline.level", (*_FIRST, *_SHARED)),
    ("edged.pipeline.status", (*_FIRST, *_SHARED, *_MIDDLE)),
    ("edged.cli.signals", ()),
    ("edged.cli.terminal", ("edged.errors",)),
    ("edged.pipeline.daemon", (*_FIRST, *_SHARED, *_MIDDLE)),
    ("edged.pipeline.control", (*_FIRST, *_SHARED, *_MIDDLE, "edged.pipeline.daemon", "edged.contract.commands")),
    *[(end, (*_FIRST, *_SHARED, *_MIDDLE, *_ENDS)) for end in (*_COMMANDS, "edged.cli.main")],
    ("edged.__main__", ("edged.cli.main",)),
    ("edged", ()),
    # What is judged there is the whole device, as replay runs it.
    ("convert.stream", ("convert", "edged")),
    ("convert", ("convert", "edged.errors", _FEATURES, "edged.models")),
]

_HOME = {
    "sounddevice": "edged.audio.driver",
    "soundfile": "edged.audio.recording",
    "soxr": "edged.audio.resample",
    "tflite_runtime": "edged.models.interpreter",
    "ai_edge_litert": "edged.models.interpreter",
    "paho": "edged.mqtt.client",
    "yaml": "edged.config.strict_yaml",
    "amqtt": "edged.demo.broker",
    "prometheus_client": "edged.host.prometheus",
}
_NAMES_MODULE = re.compile(rf"(?:{'|'.join(_HOME)})(?:\.[a-z_]+)+")
_EVERYWHERE = {"numpy", "msgspec"}
# The sample is made by a script that writes a sound file; nothing else of the demo touches sound.
_MAKES_SAMPLE = ("edged.demo.sample", {"soundfile", "soxr"})
_CONVERT_HOME = {"soundfile": "convert.recordings", "soxr": "convert.recordings"}


def modules(package: str) -> dict[str, Path]:
    """Name to file of every module of ``package``."""
    found = {}
    for file in sorted((_REPOSITORY / package).rglob("*.py")):
        parts = file.relative_to(_REPOSITORY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


_EDGED, _CONVERT = modules("edged"), modules("convert")


def imported(name: str, file: Path) -> Iterator[str]:
    """Full names of all that a module imports, wherever in the file, and of modules that it names in a string."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(part for part in (above, node.module) if part)
            known = _EDGED.keys() | _CONVERT.keys()
            yield from {
                f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in known else origin for alias in node.names
            }
        # importlib takes names as strings: "tflite_runtime.interpreter".
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAMES_MODULE.fullmatch(node.value):
            yield node.value


def within(module: str, place: str) -> bool:
    """Whether ``module`` is ``place`` or lies below it."""
    return module == place or module.startswith(f"{place}.")


def test_modules_found() -> None:
    """The walk sees the whole of both packages."""
    assert {"edged", "edged.cli.main", "edged.models.interpreter", "convert"} <= _EDGED.keys() | _CONVERT.keys()


@pytest.mark.parametrize("name", [*_EDGED, *_CONVERT])
def test_imports_one_way(name: str) -> None:
    """Each module imports only what its layer may know."""
    own, allowed = next(entry for entry in _MAY_IMPORT if within(name, entry[0]))
    # A module that stands alone may not know its package; a stage may know itself.
    own = own if own in {_FEATURES, *_STAGES, "edged.demo", "convert"} else name
    for module in imported(name, (_EDGED | _CONVERT)[name]):
        if module.split(".")[0] in {"edged", "convert", "tests"}:
            assert any(within(module, place) for place in (own, *allowed)), f"{name} imports {module}"


@pytest.mark.parametrize("name", _EDGED)
def test_third_party_one_file(name: str) -> None:
    """sounddevice, paho, YAML, the TFLite runtime and the others each have one file that knows them."""
    for module in imported(name, _EDGED[name]):
        library = module.split(".")[0]
        if library in sys.stdlib_module_names or library in _EVERYWHERE or library == "edged":
            continue
        if name == _MAKES_SAMPLE[0] and library in _MAKES_SAMPLE[1]:
            continue
        assert library in _HOME, f"{name} imports {library}, which no file is the home of"
        assert name == _HOME[library], f"{name} imports {library}, whose home is {_HOME[library]}"


@pytest.mark.parametrize("name", _CONVERT)
def test_convert_reads_sound_in_one_file(name: str) -> None:
    """Training reads and resamples recordings in one file as well, and never runs what only a device needs."""
    for module in imported(name, _CONVERT[name]):
        library = module.split(".")[0]
        assert library not in _HOME.keys() - _CONVERT_HOME.keys(), f"{name} imports {library}"
        if library in _CONVERT_HOME:
            assert name == _CONVERT_HOME[library], f"{name} imports {library}"
