"""The layers: imports go one way, stages do not know each other, one third-party library has one file."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_FOUNDATION = ("edged.errors", "edged.features.geometry")
_SHARED = (*_FOUNDATION, "edged.contract", "edged.host", "edged.config", "edged.models.bundle", "edged.features.logmel")
_STAGES = (
    "edged.audio",
    "edged.features",
    "edged.models",
    "edged.events",
    "edged.outbox",
    "edged.mqtt",
    "edged.homeassistant",
)

_TRAINING = ("edged.errors", "edged.features", "edged.models")
_CONVERT_FOLDERS = tuple(
    f"convert.{name}"
    for name in ("corpora", "recipes", "data", "augment", "score", "encoder", "train", "gate", "stream", "evaluate")
)

# What the modules of a folder may import of ours, their own folder aside; the first row that fits a module counts.
_MAY_IMPORT: list[tuple[str, tuple[str, ...]]] = [
    ("edged.errors", ()),
    ("edged.features", ("edged.errors",)),
    ("edged.contract", _FOUNDATION),
    ("edged.host", (*_FOUNDATION, "edged.contract")),
    ("edged.config", (*_FOUNDATION, "edged.contract", "edged.host")),
    ("edged.models.bundle", _FOUNDATION),
    ("edged.mqtt", (*_SHARED, "edged.outbox")),  # the publisher drains the outbox: docs/decisions/0001-layout.md
    *[(stage, _SHARED) for stage in _STAGES],
    # Handed its source and its sink, so it knows neither audio nor mqtt.
    ("edged.pipeline", (*_SHARED, "edged.features", "edged.models", "edged.events")),
    ("edged.demo", _SHARED),
    ("edged.cli", ("edged",)),
    ("edged.__main__", ("edged.cli",)),
    ("edged", ()),
    # Both run the whole device, as replay does.
    ("convert.stream", (*_CONVERT_FOLDERS[:-2], "edged")),
    ("convert.demo", ("convert", "edged")),
    # The way of a training clip: each folder may import those before it (docs/decisions/0028).
    *[(folder, (*_CONVERT_FOLDERS[:number], *_TRAINING)) for number, folder in enumerate(_CONVERT_FOLDERS)],
    ("convert.card", ("convert.corpora", "convert.recipes", "convert.score", "convert.gate.recipe", *_TRAINING)),
    ("convert.bundle", (*_CONVERT_FOLDERS, "convert.card", *_TRAINING)),
    ("convert.commands", ("convert", *_TRAINING)),
    ("convert", ("convert.commands", *_TRAINING)),
]
_ALONE = {"edged.errors", "edged.models.bundle"}  # rows that are one module

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
_CONVERT_HOME = {"soundfile": "convert.data.recordings", "soxr": "convert.data.recordings"}
_DRAWS = ("convert.card.plots", "convert.card.gate_plot")  # matplotlib's homes: nothing that measures draws


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
    """Each module imports only what its folder may know."""
    folder, allowed = next(row for row in _MAY_IMPORT if within(name, row[0]))
    own = name if folder in _ALONE else folder
    for module in imported(name, (_EDGED | _CONVERT)[name]):
        if module.split(".")[0] in {"edged", "convert", "tests"}:
            assert any(within(module, place) for place in (own, *allowed)), f"{name} imports {module}"


@pytest.mark.parametrize(("package", "limit"), [("edged", 14), ("convert", 14), ("tests", 25)])
def test_folders_small(package: str, limit: int) -> None:
    """A folder holds no more files than a person takes in."""
    for folder in sorted({file.parent for file in (_REPOSITORY / package).rglob("*.py")}):
        names = [file.name for file in folder.glob("*.py")]
        assert len(names) <= limit, f"{folder.relative_to(_REPOSITORY)} has {len(names)} files"


@pytest.mark.parametrize("name", _EDGED)
def test_third_party_one_file(name: str) -> None:
    """sounddevice, paho, YAML, the TFLite runtime and the others each have one file that knows them."""
    for module in imported(name, _EDGED[name]):
        library = module.split(".")[0]
        if library in sys.stdlib_module_names or library in _EVERYWHERE or library == "edged":
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
        assert library != "matplotlib" or name in _DRAWS, f"{name} imports {library}"
