"""Commands of any name and payload to the real pipeline: each gets a one-line result.

name, payload ──► Commands ──► Control, Daemon ──► one Result
"""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from edged.config.load import load_config
from edged.config.overrides import NAME, Overrides, overrides_for
from edged.config.reload import Reload
from edged.contract.commands import FORMS
from edged.contract.device import Result
from edged.contract.payloads import encoded
from edged.contract.topics import Received, Topic
from edged.models.bundle import DEFAULT_BUNDLE, load_bundle
from edged.mqtt.commands import Commands
from edged.pipeline.adaptation_store import adaptation_store_for
from edged.pipeline.control import Control
from edged.pipeline.daemon import Daemon
from tests.parts.broker.commanded import Room
from tests.parts.fakes import RecordingSink
from tests.parts.faults.fuzzing import damaged, edits, fuzzed

_ROUND_S = 100.0  # time between two commands, so that the rate limit refuses none


class Commanded:
    """A pipeline between two reads, without a running daemon."""

    def __init__(self, folder: Path) -> None:
        file = folder / "config.yaml"
        file.write_text(f"node: lab\nstate_dir: {folder}\nmqtt: {{commands: on}}\n")
        config, bundle = load_config(file), load_bundle(DEFAULT_BUNDLE)
        labels = bundle.manifest.labels
        overrides = overrides_for(config, labels)
        reload = Reload(config, lambda: load_config(file), overrides)
        adaptation = adaptation_store_for(config, bundle)
        daemon = Daemon(config, bundle, Room(), RecordingSink(), adaptation=adaptation)
        control = Control(daemon, labels=labels, adaptation=adaptation, overrides=overrides, reload=reload)
        self._now_s = _ROUND_S
        self._commands = Commands(config.mqtt, "lab", clock=lambda: self._now_s)
        self._control = control

    def results(self, name: str, payload: bytes) -> list[tuple[Topic, Result]]:
        """Results of this command."""
        self._now_s += _ROUND_S
        self._commands.received(Received(f"edged/lab/cmd/{name}", payload, retained=False))
        return list(self._commands.results(self._control.obey))


@pytest.fixture(scope="module")
def commanded(fast: Path) -> Commanded:
    """One pipeline for all cases: each command starts from the state that the last one left."""
    return Commanded(fast)


_KEYS = ["muted", "label", "enter", "level", "mode", "id", "", "\0"]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["*", "angry", "reset", "off", "debug", 0.5, 10**400, "\ud800", "x" * 900]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
)
_OBJECTS = st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4)
_RIGHT = [
    *(b'{"muted": true, "id": "7"}', b'{"label": "angry", "enter": 0.6}', b'{"level": "debug"}', b'{"mode": "reset"}'),
    *(b"ON", b"OFF", b"PRESS", b"frozen", b"error", b"null", b"[" * 1000, b'{"id":' * 160),
]
_NAMES = st.sampled_from(list(FORMS)) | st.text(max_size=80)
_PAYLOADS = (
    st.binary(max_size=1100)
    | (_OBJECTS | _VALUES).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    | st.tuples(st.sampled_from(_RIGHT), edits(40, b'"', b"\\", b"\x1b[2J", b"\xff", max_edits=4)).map(
        lambda of: damaged(*of)
    )
    | st.sampled_from(_RIGHT)
)
_FITTING = st.one_of(
    st.tuples(st.just("mute"), st.builds(lambda muted: {"muted": muted}, st.none() | st.booleans())),
    st.tuples(
        st.just("threshold"),
        st.fixed_dictionaries(
            {"enter": st.none() | st.floats(0, 1)}, optional={"label": st.sampled_from(["*", "sad"])}
        ),
    ),
    st.tuples(st.just("log_level"), st.fixed_dictionaries({"level": st.sampled_from(["debug", "error"])})),
    st.tuples(st.just("baseline"), st.fixed_dictionaries({"mode": st.sampled_from(["on", "frozen", "off", "reset"])})),
    st.tuples(
        st.sampled_from(["reload", "restart", "identify", "snapshot"]), st.builds(lambda of: {"id": of}, st.text('é"7'))
    ),
).map(lambda command: (command[0], json.dumps(command[1]).encode()))


@given(command=st.tuples(_NAMES, _PAYLOADS) | _FITTING)
@example(command=("mute", b"\xff"))
@fuzzed
def test_command_of_any_bytes(commanded: Commanded, command: tuple[str, bytes]) -> None:
    """Each command gives one valid result of one line, on a topic of the node."""
    name, payload = command
    results = commanded.results(name, payload)
    if "/" in name:  # a topic without a subscription
        assert not results
        return
    ((topic, result),) = results
    event("obeyed" if result.ok else "refused")
    assert topic.name == f"cmd/{name if name in FORMS else 'unknown'}/result"
    assert result.message.isprintable(), repr(result.message)
    assert 0 < len(result.message) < 2000
    assert msgspec.json.decode(encoded(result), type=Result) == result


_STATE = b'{"version":1,"muted":false,"enter_for":{"angry":0.5},"baseline":"frozen"}'


@given(content=st.binary(max_size=200) | edits(len(_STATE)).map(lambda changes: damaged(_STATE, changes)))
@fuzzed
def test_kept_commands_damaged(fast: Path, content: bytes) -> None:
    """A damaged file of command state is loaded, or the device is muted; afterwards the file is valid."""
    file = fast / "kept" / NAME
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    loaded = Overrides(file, ("angry", "sad"))
    again = Overrides(file, ("angry", "sad"))
    assert (again.muted, again.enter_for, again.baseline) == (loaded.muted, loaded.enter_for, loaded.baseline)
