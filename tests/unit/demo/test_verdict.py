"""What the demo makes of the messages that it receives."""

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
    """After these messages of the node."""
    made = Verdict(TURNS, "edged/demo/")
    for name, payload in messages:
        content = payload if isinstance(payload, bytes) else encoded(payload)
        made.take(Received(f"edged/demo/{name}", content, retained=False))
    return made


def heard(*labels: str) -> Verdict:
    """After an episode in each turn."""
    messages: list[tuple[str, msgspec.Struct | bytes]] = []
    for turn, label in zip(TURNS, labels, strict=False):
        messages += [
            ("event/start", episode_start(label, turn.start_s)),
            ("event/end", episode_end(label, start_s=turn.start_s)),
        ]
    return verdict(*messages)


def test_four_emotions_as_meant_are_enough() -> None:
    """The others are named."""
    made = heard("neutral", "angry", "sad", "happy", "angry")
    assert made.fault() == ""
    assert made.summary().splitlines() == [
        "Heard as meant: neutral, angry, sad, happy (4 of 5 turns).",
        "Heard otherwise: fear as angry.",
        "Shown: 5 episodes, 10 messages.",
    ]


def test_all_as_meant_needs_no_second_line() -> None:
    """Nothing was heard otherwise."""
    assert heard(*MEANT).summary().count("\n") == 1


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (verdict(), "no message was received"),
        (verdict(("emotion", emotion_state("sad"))), "no event was received"),
        (
            heard("neutral", "angry", "angry", "angry", "neutral"),
            "2 emotions heard as meant (neutral, angry), expected at least 4; sad as angry, happy as angry, fear as",
        ),
        (heard("neutral"), "1 emotion heard as meant (neutral), expected at least 4; angry as none"),
        (heard("sad"), "0 emotions heard as meant, expected at least 4; neutral as sad"),
    ],
)
def test_too_few_emotions_are_a_fault(made: Verdict, fault: str) -> None:
    """One line that says which were missed and what was heard instead."""
    assert made.fault().startswith(fault)
    assert "\n" not in made.fault()


def test_offline_is_the_last_word() -> None:
    """And counts as no message."""
    made = verdict(("availability", b"online"))
    assert not made.offline
    made = verdict(("availability", b"online"), ("availability", b"offline"))
    assert made.offline
    assert made.fault() == "no message was received"


def test_end_that_fits_no_schema_is_no_episode() -> None:
    """The view shows it."""
    made = verdict(("event/start", episode_start("sad")), ("event/end", b"{}"))
    assert "neutral as none" in made.fault()
