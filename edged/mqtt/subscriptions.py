"""Topic filters to what came of them: wanted, in force or refused by the broker; and what is received by them.

    Subscription, … ──SUBSCRIBE──► broker ──SUBACK: a code a filter──► Subscriptions.refused, .lacking

A refusal of a required filter makes the connection useless to whoever asked for it.  One that is not required, such as
another program's topics, may be forbidden by an access list, and everything else goes on.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Subscription(NamedTuple):
    """A topic filter; without it being ``required`` the connection does its work though the broker refuses it."""

    topic_filter: str
    required: bool = True
    qos: int = 1


class Subscriptions:
    """The filters of one connection, and which of them the broker refused when it was last asked."""

    def __init__(self, wanted: Iterable[Subscription | str]) -> None:
        self.wanted = tuple(Subscription(one) if isinstance(one, str) else one for one in wanted)
        self.refused: tuple[str, ...] = ()  # that are not required

    def answered(self, failed: Sequence[bool]) -> tuple[str, ...]:
        """Take the broker's answers, in the order of ``wanted``; the required filters that it refused.

        An answer that has not one entry a filter is no answer to this question: what it lacks counts as refused.
        """
        answers = [*failed, *[True] * len(self.wanted)]
        refused = [one for one, is_failed in zip(self.wanted, answers, strict=False) if is_failed]
        self.refused = tuple(one.topic_filter for one in refused if not one.required)
        return tuple(one.topic_filter for one in refused if one.required)
