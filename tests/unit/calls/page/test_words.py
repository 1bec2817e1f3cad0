"""words: times, lengths, shares and points as people read them."""

import msgspec
import pytest

from edged.calls.page.words import OUTCOMES, channel, clock, length, percent, points, span
from edged.contract.call_report import Outcome, Recorded


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.99, "0:59"), (83.2, "1:23"), (3599, "59:59"), (3723, "1:02:03")]
)
def test_clock(seconds: float, shown: str) -> None:
    """Hours only where there are any; a second begins when it is over."""
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0\u00a0s"),
        (12.34, "12.3\u00a0s"),
        (60, "1\u00a0min"),
        (250, "4\u00a0min 10\u00a0s"),
        (3720, "1\u00a0h 2\u00a0min"),
        (7225, "2\u00a0h"),
    ],
)
def test_length(seconds: float, shown: str) -> None:
    """Two units at most, none that is zero beside another."""
    assert length(seconds) == shown


def test_points_and_shares() -> None:
    """Points have a sign, with a true minus; what rounds to nothing is not negative."""
    assert [points(value) for value in (0.42, -0.42, 0.0, -0.001)] == ["+0.42", "\N{MINUS SIGN}0.42", "+0.00", "+0.00"]
    assert percent(0.184) == "18\u00a0%"
    assert span(83.2, 86.2) == "1:23\N{EN DASH}1:26"


def test_outcomes_complete() -> None:
    """Every outcome of the contract has words and a shape of its own, so no colour is needed to tell them apart."""
    assert set(OUTCOMES) == set(msgspec.json.schema(Outcome)["enum"])
    assert len({verdict.shape for verdict in OUTCOMES.values()}) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("separated_by", "shown"),
    [
        ("channels", "customer on the right channel"),
        ("turns", "one channel, parties separated by the given turns"),
        ("voices", "one channel, parties separated by their voices"),
        (None, "one channel for both parties"),
    ],
)
def test_channel(separated_by: str | None, shown: str) -> None:
    """How the parties were separated."""
    call = msgspec.convert(
        {
            "file": "a.wav",
            "duration_s": 1,
            "sample_rate_hz": 8000,
            "n_channels": 2,
            "customer": "right",
            "separated_by": separated_by,
        },
        Recorded,
    )
    assert channel(call) == shown
