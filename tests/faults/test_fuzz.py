"""Damaged configs, recordings and manifests give a result or a one-line error, never a traceback.

``test_database.py`` fuzzes damaged outboxes, ``test_fuzz_models.py`` models, ``test_fuzz_commands.py`` commands;
``fuzzing.py`` sets the number of cases for all of them.
"""

import io
import json
import resource
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import soundfile
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.recording import Recording
from edged.config.load import load_config
from edged.config.structs import Config
from edged.errors import ConfigError, EdgedError, ModelError, RecordingError
from edged.features.geometry import GEOMETRY
from edged.models.bundle import Bundle, load_bundle
from tests.parts.faults.fuzzing import Edit, damaged, edits, fuzzed
from tests.parts.models.bundles import gate, manifest, trunk, write_bundle

_SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_bytes()
_SECTIONS = {
    field.name: [key.name for key in msgspec.structs.fields(field.default)]
    for field in msgspec.structs.fields(Config)
    if isinstance(field.default, msgspec.Struct)
}
_KEYS = [field.name for field in msgspec.structs.fields(Config) if field.name not in _SECTIONS]

# YAML features that few people know and in which its parsers have had bugs.
_ODD = [
    *("!!int ''", "!!float '-'", "!!bool x", "!!timestamp x", "!!binary é", "!!map [a]", "!!map x", "!!set {a}"),
    *("!!omap [a: b]", "!!seq x", "!!python/name:os.system", "!a", "&a [*a]", "&a {a: *a}", "*a", "{<<: {a: b}}"),
    *("0x" + "f" * 6000, "9" * 6000, "1" + ":1" * 300 + ".5", "1e999", ".nan", "-.inf", "2026-02-30", "0b", "-0"),
    *('"\\UFFFFFFFF"', '"\\ud800"', '"\\0"', '"\\x1b[2J"', "'", '"', "[" * 300, "{" * 300, "? [a]", "|", ">9", "---"),
    *("...", "%YAML 9.9", "%TAG ! x", "@", "`", "\t", "\u2028", "\x85", "\x00", "\x7f", "é", "\U0001f600", "=", "<<"),
]
_leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=9)
)
_VALUE = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_WRITTEN = st.sampled_from(_ODD) | _VALUE.map(
    lambda value: yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()
)


@st.composite
def _configs(draw: st.DrawFn) -> bytes:
    """Any keys with any values, as YAML."""
    lines = [f"{key}: {draw(_WRITTEN)}" for key in draw(st.lists(st.sampled_from(_KEYS), max_size=2, unique=True))]
    for section in draw(st.lists(st.sampled_from(sorted(_SECTIONS)), max_size=3, unique=True)):
        keys = draw(st.lists(st.sampled_from(_SECTIONS[section]) | st.sampled_from(_ODD), max_size=3, unique=True))
        values = [f"  {key}: {draw(_WRITTEN)}" for key in keys]
        lines += [f"{section}:", *values] if values else [f"{section}: {draw(_WRITTEN)}"]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def refused(exc: EdgedError) -> None:
    """The error is one line of bounded length without control characters."""
    assert str(exc).isprintable(), repr(str(exc))
    assert 10 < len(str(exc)) < 2000


def parsed(path: Path, content: bytes) -> None:
    """Load the file: a config with valid strings, or an error."""
    path.write_bytes(content)
    try:
        config = load_config(path)
    except ConfigError as exc:
        refused(exc)
        return
    text = msgspec.json.encode(config).decode()  # fails on invalid strings
    assert "\\u0000" not in text


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@fuzzed
def test_config_of_any_bytes(fast: Path, content: bytes) -> None:
    """Arbitrary bytes are loaded or refused."""
    parsed(fast / "config.yaml", content)


@given(changes=edits(len(_SHIPPED), *[odd.encode() for odd in _ODD]))
@fuzzed
def test_config_damaged(fast: Path, changes: list[Edit]) -> None:
    """The shipped config with random edits is loaded or refused."""
    parsed(fast / "config.yaml", damaged(_SHIPPED, changes))


@given(content=_configs())
@fuzzed
def test_config_of_any_values(fast: Path, content: bytes) -> None:
    """Every key with values of every kind is loaded or refused."""
    parsed(fast / "config.yaml", content)


def _wav(form: str, subtype: str, channels: int) -> bytes:
    samples = np.repeat(np.sin(np.arange(2000) / 7)[:, None] / 2, channels, axis=1)
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, subtype, format=form)
    return file.getvalue()


_HEADER = 100  # bytes; all length fields are before this offset
_WAVS = [
    _wav(form, subtype, channels)
    for form, subtype, channels in (
        *(("WAV", "PCM_16", 1), ("WAV", "PCM_U8", 2), ("WAV", "FLOAT", 1), ("WAV", "DOUBLE", 1), ("WAV", "ULAW", 1)),
        *(("WAV", "IMA_ADPCM", 1), ("WAV", "MS_ADPCM", 1), ("WAV", "GSM610", 1), ("WAVEX", "PCM_24", 2)),
        *(("RF64", "PCM_16", 1), ("W64", "PCM_16", 1)),
    )
]
_TAGS = [b"RIFF", b"RIFX", b"WAVE", b"fmt ", b"data", b"fact", b"LIST", b"PEAK", b"cue ", b"smpl", b"bext", b"ID3\4"]


@given(content=st.sampled_from(_WAVS), changes=edits(_HEADER, *_TAGS), n_bytes=st.none() | st.integers(1, 5000))
@fuzzed
def test_recording_damaged(fast: Path, content: bytes, changes: list[Edit], n_bytes: int | None) -> None:
    """A wav of any format with a damaged header is read within time and memory of its size, or refused."""
    path = fast / "a.wav"
    path.write_bytes(damaged(content, changes)[:n_bytes])
    began_s, before_kb = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n = 0
    try:
        with Recording(path) as recording:
            while not recording.ended:
                chunk = recording.read(1)
                if chunk is not None:
                    assert np.isfinite(chunk.samples).all()
                    n += len(chunk.samples)
    except RecordingError as exc:
        refused(exc)
    # 4 kB of samples at the lowest rate, at most a byte each.
    assert n <= 1_000_000
    assert time.process_time() - began_s < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


def _paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 -- JSON
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, below in inner for path in _paths(below, (*above, key)))]


_VALUES = {**manifest(), "trunk": trunk(), "gate": gate(geometry=asdict(GEOMETRY))}
_MANIFEST = json.dumps(_VALUES).encode()
_PATHS = _paths(_VALUES)[1:]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([10**400, 10**4000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
_JSON |= st.sampled_from(_PATHS).map(lambda path: _at(manifest(), path))  # valid, but in the wrong place


def _at(value: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 -- JSON
    for key in path:
        value = value[key]
    return value


@st.composite
def _manifests(draw: st.DrawFn) -> bytes:
    """The valid manifest with values changed, keys removed and keys added."""
    values = json.loads(_MANIFEST)
    for path in draw(st.lists(st.sampled_from(_PATHS), min_size=1, max_size=4)):
        try:
            holder = _at(values, path[:-1])
            match draw(st.integers(0, 2)):
                case 0:
                    holder[path[-1]] = draw(_JSON)
                case 1:
                    del holder[path[-1]]
                case _:
                    holder[draw(st.text(max_size=9))] = draw(_JSON)
        except (LookupError, TypeError):  # an earlier change removed it, or it is a list
            continue
    return json.dumps(values).encode()


@given(content=_manifests() | edits(len(_MANIFEST)).map(lambda changes: damaged(_MANIFEST, changes)))
@fuzzed
def test_manifest_damaged(fast: Path, content: bytes) -> None:
    """A bundle.json that is not JSON or has wrong contents is refused."""
    folder = write_bundle(fast / "bundle")
    (folder / "bundle.json").write_bytes(content)
    try:
        assert isinstance(load_bundle(folder), Bundle)
    except ModelError as exc:
        refused(exc)
