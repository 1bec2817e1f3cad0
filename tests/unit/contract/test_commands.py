"""Command payloads: words, objects, and invalid ones."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.contract.commands import (
    ALL,
    FORMS,
    MAX_BYTES,
    Arguments,
    BaselineMode,
    Fault,
    LogLevel,
    Mute,
    Threshold,
    arguments,
)
from tests.parts.faults.fuzzing import Edit, damaged, edits, fuzzed


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("mute", b"ON", Mute(muted=True)),
        ("mute", b" off\n", Mute(muted=False)),
        ("mute", b'{"muted": true, "id": "7"}', Mute(muted=True, id="7")),
        ("mute", b'{"muted": null}', Mute(muted=None)),
        ("threshold", b'{"label": "angry", "enter": 0.6}', Threshold(label="angry", enter=0.6)),
        ("threshold", b'{"enter": 1}', Threshold(label=ALL, enter=1.0)),
        ("threshold", b'{"label": "sad", "enter": null}', Threshold(label="sad")),
        ("threshold", b"{}", Threshold()),
        ("log_level", b"debug", LogLevel(level="debug")),
        ("log_level", b'{"level": null}', LogLevel()),
        ("baseline", b"frozen", BaselineMode(mode="frozen")),
        ("baseline", b"reset", BaselineMode(mode="reset")),
        ("restart", b"", Arguments()),
        ("restart", b"PRESS", Arguments()),
        ("restart", b'{"id": "a"}', Arguments(id="a")),
    ],
)
def test_payload_accepted(name: str, payload: bytes, expected: Arguments) -> None:
    """A word is equivalent to its object."""
    assert arguments(name, payload) == expected


@pytest.mark.parametrize(
    ("name", "payload", "message"),
    [
        ("mute", b"", "the payload is empty, expected ON, OFF or {"),
        ("mute", b"{}", 'expected ON, OFF or {"muted": true}'),
        ("mute", b"yes", "the payload is 'yes', expected ON, OFF or {"),
        ("mute", b'{"muted": "true"}', 'expected ON, OFF or {"muted": true}'),
        ("mute", b'{"muted": true, "for": 5}', 'expected ON, OFF or {"muted": true}'),
        ("mute", b"\xff\xfe", "expected ON, OFF or"),
        ("mute", b"[true]", "expected ON, OFF or"),
        ("threshold", b"0.6", 'expected {"label": "angry", "enter": 0.6}, from 0 to 1'),
        ("threshold", b'{"enter": 1.01}', "from 0 to 1"),
        ("threshold", b'{"enter": NaN}', "from 0 to 1"),
        ("threshold", b'{"enter": 1e999}', "from 0 to 1"),
        ("threshold", b'{"label": ""}', "from 0 to 1"),
        ("log_level", b"trace", "expected debug, info, warning, error or {"),
        ("restart", b"now", "the payload is 'now', expected nothing, PRESS or {}"),
        ("restart", b"[" * MAX_BYTES, "expected nothing, PRESS or {}"),
        ("restart", b" " * (MAX_BYTES + 1), f"the payload has more than {MAX_BYTES} bytes, expected nothing"),
    ],
)
def test_payload_refused(name: str, payload: bytes, message: str) -> None:
    """One line of bounded length has the value and what was expected."""
    fault = arguments(name, payload)
    assert isinstance(fault, Fault)
    assert message in fault.message
    assert len(fault.message) < 250
    assert fault.message.isprintable()


@pytest.mark.parametrize(
    ("payload", "id_"),
    [
        (b'{"id": "7", "muted": 1}', "7"),
        (b'{"id": "' + 64 * b"x" + b'"}', 64 * "x"),
        (b'{"id": "' + 65 * b"x" + b'"}', msgspec.UNSET),
        (b'{"id": 7}', msgspec.UNSET),
        (b'{"id": ""}', msgspec.UNSET),
        (b'{"id": "\\ud800"}', msgspec.UNSET),
        (b'{"id": "7"', msgspec.UNSET),
    ],
)
def test_id_of_a_refused_payload(payload: bytes, id_: str | msgspec.UnsetType) -> None:
    """A valid id is extracted, nothing else."""
    fault = arguments("mute", payload)
    assert isinstance(fault, Fault)
    assert fault.id == id_


_WHOLE = b'{"label": "angry", "enter": 0.6, "id": "7"}'


@fuzzed
@given(name=st.sampled_from(sorted(FORMS)), changes=edits(len(_WHOLE), b"null", b'"muted": true', b"\\ud800"))
def test_damaged_payloads_never_raise(name: str, changes: list[Edit]) -> None:
    """A payload with flipped, removed and inserted bytes gives arguments or a one-line fault."""
    parsed = arguments(name, damaged(_WHOLE, changes))
    assert isinstance(parsed, Arguments) or parsed.message.isprintable()
