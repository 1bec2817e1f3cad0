"""Values to the words of a page: times, lengths, shares, points, outcomes.

    83.2 s ──clock──► "1:23"        0.184 ──percent──► "18 %"        0.42 ──points──► "+0.42"

Each colour comes with a shape and a word, so a page can be read in black and white.
"""

from typing import NamedTuple

from edged.contract.call_report import NOTICE, Outcome, Recorded

_MINUS = "\N{MINUS SIGN}"
_NARROW = "\N{NO-BREAK SPACE}"


class Verdict(NamedTuple):
    """How an outcome is shown."""

    shape: str
    words: str
    tone: str  # a class of look.css: positive, negative or plain
    sentence: str


OUTCOMES: dict[Outcome, Verdict] = {
    "calmed": Verdict("▲", "Calmed", "positive", "The customer's distress fell during the call."),
    "unchanged": Verdict("▬", "Unchanged", "plain", "The customer's distress stayed much as it was at the opening."),
    "escalated": Verdict("▼", "Escalated", "negative", "The customer's distress rose during the call."),
    "nothing_to_calm": Verdict("●", "Nothing to calm", "plain", "The customer was calm from the opening to the end."),
    "no_score": Verdict("○", "No score", "plain", "This call has a timeline, and no score."),
}
EACH_NOTICE = NOTICE.replace("This report is", "Each report is", 1)  # on a page about several
ROLES: dict[str, str] = {"customer": "Customer", "agent": "Agent", "both": "Both voices"}


def span(start_s: float, end_s: float) -> str:
    """From one place in the recording to another: ``1:23`` to ``1:26``."""
    return f"{clock(start_s)}\N{EN DASH}{clock(end_s)}"


def clock(seconds: float) -> str:
    """A place in the recording: ``1:23``, ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def length(seconds: float) -> str:
    """How long something lasts: ``12.3 s``, ``4 min 10 s``, ``1 h 2 min``."""
    if seconds < 60:  # noqa: PLR2004 -- a minute
        return f"{seconds:.1f}{_NARROW}s".replace(f".0{_NARROW}", _NARROW)
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    parts = ((hours, "h"), (minute, "min"), (0 if hours else second, "s"))
    return " ".join(f"{value}{_NARROW}{unit}" for value, unit in parts if value)


def percent(share: float) -> str:
    """A share of 1: ``18 %``."""
    return f"{100 * share:.0f}{_NARROW}%"


def points(value: float, digits: int = 2) -> str:
    """Points of the score, always with a sign; a true minus sign, which screen readers read out."""
    written = f"{abs(value):.{digits}f}"
    return f"{_MINUS if value < 0 and float(written) else '+'}{written}"


def channel(call: Recorded) -> str:
    """Where the customer's voice was."""
    if call.separated_by == "channels":
        return f"customer on the {call.customer} channel"
    if call.separated_by == "turns":
        return "one channel, parties separated by the given turns"
    if call.separated_by == "voices":
        return "one channel, parties separated by their voices"
    return "one channel for both parties"
