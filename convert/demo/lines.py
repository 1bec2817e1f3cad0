"""The lines of the conversation, the emotion meant by each, and the voices that may speak them."""

from typing import Literal, NamedTuple


class Voice(NamedTuple):
    """A voice of a synthesiser that Debian has."""

    program: Literal["flite", "espeak-ng"]
    name: str


class Line(NamedTuple):
    """One turn of one person."""

    meant: str
    level_dbfs: float  # rms; the models ignore it, but a person who listens does not
    text: str


VOICES = (
    Voice("flite", "slt"),
    Voice("flite", "rms"),
    Voice("flite", "awb"),
    Voice("espeak-ng", "en-us+f2"),
    Voice("espeak-ng", "en-us+f5"),
    Voice("espeak-ng", "en-us+m1"),
    Voice("espeak-ng", "en-us+m7"),
)

LINES = (
    Line(
        "neutral",
        -26,
        "The parcel came at nine this morning, and I put it on the table in the hall."
        " The post office closes at five today, so there is time enough to answer.",
    ),
    Line(
        "fear",
        -24,
        "Did you hear that? There it is again! Somebody is in the garden! Lock the door! I can see a light moving!",
    ),
    Line(
        "disgust",
        -27,
        "What is that smell? There is something rotten in the sink. I am not going to touch it. It is all over.",
    ),
    Line(
        "angry",
        -18,
        "Who left the gate open again? I told you a hundred times! Do not touch that! Stop it! Get out of here!",
    ),
    Line(
        "sad",
        -30,
        "It was the old cat of our neighbours. She has not come home since. I think that she is not coming back.",
    ),
    Line(
        "happy",
        -22,
        "A puppy! You got me a puppy! Oh, he is so lovely! Thank you, thank you, thank you! Look at him!",
    ),
    Line(
        "neutral",
        -26,
        "I will clean the kitchen this afternoon. The bags are in the second drawer, below the forks and the knives.",
    ),
)
