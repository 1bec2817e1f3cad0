"""The demo's verdict on the messages it received."""

import msgspec
import pytest

from edged.contract.payloads import encoded
from edged.contract.topics import Received
from edged.demo.sample import Turn
from edged.demo.verdict import Verdict
from tests.parts.broker.payloads import emotion_state, episode_end, episode_start

MEANT = ("neutral", "angry", "sad", "happy", "fear")
TURNS = tuple(Turn(start_s=10.0 * n, end_s=10.0 * n + 8, meant=label, text="…") for n, label in enumerate(MEANT))


def verdict(*messages: tuple[str, msgspec.Struct | bytes]) -> Verdict:
    """The verdict after these messages of the node."""
    made = Verdict(TURNS, "edged/demo/")
    for name, payload in messages:
        content = payload if isinstance(payload, bytes) else encoded(payload)
        made.take(Received(f"edged/demo/{name}", content, retained=False))
    return made


def verdict_on_labels(*labels: str) -> Verdict:
    """The verdict after one episode per turn."""
    messages: list[tuple[str, msgspec.Struct | bytes]] = []
    for turn, label in zip(TURNS, labels, strict=False):
        messages += [
            ("event/start", episode_start(label, turn.start_s)),
            ("event/end", episode_end(label, start_s=turn.start_s)),
        ]
    return verdict(*messages)


def test_four_emotions_as_meant_are_enough() -> None:
    """Four matching emotions pass, and the mismatches are listed."""
    made = verdict_on_labels("neutral", "angry", "sad", "happy", "angry")
    assert made.fault() == ""
    assert made.summary().splitlines() == [
        "Detected as meant: neutral, angry, sad, happy (4 of 5 turns).",
        "Detected otherwise: fear as angry.",
        "Shown: 5 episodes, 10 messages.",
    ]


def test_all_as_meant_needs_no_second_line() -> None:
    """Without mismatches there is one line."""
    assert verdict_on_labels(*MEANT).summary().count("\n") == 1


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (verdict(), "no message was received"),
        (verdict(("emotion", emotion_state("sad"))), "no event was received"),
        (
            verdict_on_labels("neutral", "angry", "angry", "angry", "neutral"),
            "2 emotions detected as meant (neutral, angry), expected at least 4; sad as angry, happy as angry, fear as",
        ),
        (verdict_on_labels("neutral"), "1 emotion detected as meant (neutral), expected at least 4; angry as none"),
        (verdict_on_labels("sad"), "0 emotions detected as meant, expected at least 4; neutral as sad"),
    ],
)
def test_too_few_emotions_are_a_fault(made: Verdict, fault: str) -> None:
    """One line lists the missed emotions and what was detected instead."""
    assert made.fault().startswith(fault)
    assert "\n" not in made.fault()


def test_offline_is_the_last_word() -> None:
    """The offline message ends the demo and does not count as a message."""
    made = verdict(("availability", b"online"))
    assert not made.offline
    made = verdict(("availability", b"online"), ("availability", b"offline"))
    assert made.offline
    assert made.fault() == "no message was received"


def test_end_that_fits_no_schema_is_no_episode() -> None:
    """An invalid event is no episode."""
    made = verdict(("event/start", episode_start("sad")), ("event/end", b"{}"))
    assert "neutral as none" in made.fault()
