"""Layers: imports go one way, stages do not import each other, each third-party library is imported by one file."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]
_FOUNDATION = ("edged.errors", "edged.decoding", "edged.features.geometry")
_BUNDLE = ("edged.models.manifest", "edged.models.checks", "edged.models.bundle")
_SHARED = (*_FOUNDATION, "edged.contract", "edged.host", "edged.config", *_BUNDLE, "edged.features.logmel")
_STAGES = (
    "edged.audio",
    "edged.features",
    "edged.models",
    "edged.events",
    "edged.outbox",
    "edged.mqtt",
    "edged.homeassistant",
)

_TRAINING = ("edged.errors", "edged.decoding", "edged.features", "edged.models")
# Of the hub what needs no connection, and what it takes by default.
_WORDS = ("edged.hub.words", "edged.hub.linear_text", "edged.hub.fusion", "edged.config.hub")
_CONVERT_FOLDERS = tuple(
    f"convert.{name}"
    for name in (
        *("corpora", "recipes", "data", "tasks", "augment", "score", "encoder"),
        *("train", "gate", "text", "stream", "evaluate"),
    )
)

# Our own modules that a folder may import besides its own; the first matching row counts.
_MAY_IMPORT: list[tuple[str, tuple[str, ...]]] = [
    ("edged.errors", ()),
    ("edged.decoding", ()),
    ("edged.features", ("edged.errors",)),
    ("edged.contract", _FOUNDATION),
    ("edged.host", (*_FOUNDATION, "edged.contract")),
    ("edged.config", (*_FOUNDATION, "edged.contract", "edged.host")),
    *[(name, (*_FOUNDATION, *_BUNDLE)) for name in _BUNDLE],
    ("edged.mqtt", (*_SHARED, "edged.outbox")),  # the publisher drains the outbox: docs/decisions/0026
    # Pooling and the input's scale are of the features, and a trunk needs them between its two ends.
    ("edged.models", (*_SHARED, "edged.features.pooling", "edged.features.whisper")),
    *[(stage, _SHARED) for stage in _STAGES],
    # The pipeline is handed its source and sink, so it imports neither audio nor mqtt.
    ("edged.pipeline", (*_SHARED, "edged.features", "edged.models", "edged.events")),
    ("edged.calls", (*_SHARED, *_STAGES, "edged.pipeline")),
    ("edged.bench", (*_SHARED, *_STAGES, "edged.pipeline")),
    ("edged.web", (*_SHARED, *_STAGES, "edged.pipeline", "edged.calls")),
    ("edged.hub", (*_SHARED, "edged.outbox", "edged.mqtt", "edged.homeassistant")),
    ("edged.demo", _SHARED),
    ("edged.cli", ("edged",)),
    ("edged.__main__", ("edged.cli",)),
    ("edged", ()),
    # Both run the whole device, like replay.
    ("convert.stream", (*_CONVERT_FOLDERS[:-2], "edged")),
    ("convert.demo", ("convert", "edged")),
    ("convert.voices", ("convert.corpora", "convert.data", "convert.stream", "edged")),
    ("convert.text", (*_CONVERT_FOLDERS[:-3], *_TRAINING, *_WORDS)),
    ("convert.evaluate", (*_CONVERT_FOLDERS, *_TRAINING, *_WORDS)),
    # Own recordings are refused in the words of the device.
    ("convert.data.recordings", ("edged.audio.sound_file", *_TRAINING)),
    # Their processes end with the one that started them.
    ("convert.tasks", ("convert.data.atomic_file", "edged.errors", "edged.host.process.interrupts")),
    ("convert.score.isolated", ("convert.tasks", "edged.host.process.interrupts")),
    # A training clip passes through these in order: each folder may import those before it (docs/decisions/0028).
    *[(folder, (*_CONVERT_FOLDERS[:number], *_TRAINING)) for number, folder in enumerate(_CONVERT_FOLDERS)],
    ("convert.own", (*_CONVERT_FOLDERS, "convert.zoo", *_TRAINING)),
    (
        "convert.card",
        ("convert.corpora", "convert.recipes", "convert.score", "convert.zoo", "convert.gate.recipe", *_TRAINING),
    ),
    ("convert.zoo", (*_CONVERT_FOLDERS, *_TRAINING, *_WORDS)),
    ("convert.bundle", (*_CONVERT_FOLDERS, "convert.own", "convert.card", *_TRAINING, *_WORDS)),
    ("convert.commands.pretrained.voices", ("convert", "edged")),
    ("convert.commands", ("convert", "edged.cli.values", *_TRAINING)),
    ("convert.__main__", ("convert.command_line", "edged.__main__")),
    ("convert.command_line", ("convert.commands", "edged.cli.terminal", "edged.errors")),
    ("convert", ("convert.commands", *_TRAINING)),
    # It measures both, with the brokers and microphones of the tests.
    ("benchmarks", ("edged", "convert", "tests.parts")),
]
# Rows for single modules.
_ALONE = {"edged.errors", "edged.decoding", "convert.data.recordings", "convert.score.isolated", *_BUNDLE}

_HOME = {
    "sounddevice": "edged.audio.driver",
    "soundfile": "edged.audio.sound_file",
    "soxr": "edged.audio.resample",
    "tflite_runtime": "edged.models.interpreter",
    "ai_edge_litert": "edged.models.interpreter",
    "paho": "edged.mqtt.client",
    "yaml": "edged.config.strict_yaml",
    "amqtt": "edged.demo.broker",
    "prometheus_client": "edged.host.prometheus",
    "httpx": "edged.hub.agent.http",
    "mcp": "edged.hub.mcp.server",
    "pydantic": "edged.hub.mcp.server",
    "matplotlib": "edged.calls.timeline_png",
    "starlette": "edged.web.application",
    "uvicorn": "edged.web.server",
    "python_multipart": "edged.web.calls.upload",
}
_NAMES_MODULE = re.compile(rf"(?:{'|'.join(_HOME)})(?:\.[a-z_]+)+")
_EVERYWHERE = {"numpy", "msgspec"}
_CONVERT_HOME = {"soundfile": "convert.data.recordings", "soxr": "convert.data.recordings"}
_DRAWS = (
    "convert.card.plots",
    "convert.card.gate.plot",
    "convert.card.zoo.plot",
)  # may import matplotlib: modules that measure never draw


def modules(package: str) -> dict[str, Path]:
    """Name and file of every module of ``package``."""
    files = {}
    for file in sorted((_REPOSITORY / package).rglob("*.py")):
        parts = file.relative_to(_REPOSITORY).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return files


_EDGED, _CONVERT, _BENCHMARKS = (modules(package) for package in ("edged", "convert", "benchmarks"))
_ALL = _EDGED | _CONVERT | _BENCHMARKS


def imported(name: str, file: Path) -> Iterator[str]:
    """Full names of everything a module imports, anywhere in the file, and of modules named in strings."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(part for part in (above, node.module) if part)
            yield from {
                f"{origin}.{alias.name}" if f"{origin}.{alias.name}" in _ALL else origin for alias in node.names
            }
        # importlib takes names as strings: "tflite_runtime.interpreter".
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAMES_MODULE.fullmatch(node.value):
            yield node.value


def within(module: str, package: str) -> bool:
    """Whether ``module`` is ``package`` or below it."""
    return module == package or module.startswith(f"{package}.")


def test_modules_found() -> None:
    """The walk covers the packages completely."""
    assert {"edged", "edged.cli.main", "edged.models.interpreter", "convert", "benchmarks.runner"} <= _ALL.keys()


@pytest.mark.parametrize("name", _ALL)
def test_imports_one_way(name: str) -> None:
    """Each module imports only what its folder may import."""
    folder, allowed = next(row for row in _MAY_IMPORT if within(name, row[0]))
    itself = name if folder in _ALONE else folder
    for module in imported(name, _ALL[name]):
        if module.split(".")[0] in {"edged", "convert", "benchmarks", "tests"}:
            assert any(within(module, package) for package in (itself, *allowed)), f"{name} imports {module}"


@pytest.mark.parametrize(("package", "limit"), [("edged", 14), ("convert", 14), ("benchmarks", 14), ("tests", 25)])
def test_folders_small(package: str, limit: int) -> None:
    """No folder has more files than the limit."""
    for folder in sorted({file.parent for file in (_REPOSITORY / package).rglob("*.py")}):
        names = [file.name for file in folder.glob("*.py")]
        assert len(names) <= limit, f"{folder.relative_to(_REPOSITORY)} has {len(names)} files"


@pytest.mark.parametrize("name", _EDGED)
def test_third_party_one_file(name: str) -> None:
    """sounddevice, paho, YAML, the TFLite runtime and others are each imported by a single file."""
    for module in imported(name, _EDGED[name]):
        library = module.split(".")[0]
        if library in sys.stdlib_module_names or library in _EVERYWHERE or library == "edged":
            continue
        assert library in _HOME, f"{name} imports {library}, which no file is the home of"
        assert name == _HOME[library], f"{name} imports {library}, whose home is {_HOME[library]}"


@pytest.mark.parametrize("name", _CONVERT)
def test_convert_reads_sound_in_one_file(name: str) -> None:
    """Only one file of convert reads and resamples recordings, and convert imports no device libraries."""
    for module in imported(name, _CONVERT[name]):
        library = module.split(".")[0]
        assert library not in _HOME.keys() - _CONVERT_HOME.keys() - {"matplotlib"}, f"{name} imports {library}"
        if library in _CONVERT_HOME:
            assert name == _CONVERT_HOME[library], f"{name} imports {library}"
        assert library != "matplotlib" or name in _DRAWS, f"{name} imports {library}"
