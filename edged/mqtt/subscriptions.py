"""Topic filters of a connection, and which of them the broker refused.

    Subscription, … ──SUBSCRIBE──► broker ──SUBACK: one code per filter──► Subscriptions.refused

Without a required filter a connection is useless.  An optional one, such as another program's topics, may be forbidden
by an access list, and the rest still works.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_log = logging.getLogger(__name__)


class Subscription(NamedTuple):
    """A topic filter; unless it is ``required``, the connection works without it."""

    topic_filter: str
    required: bool = True
    qos: int = 1


class Subscriptions:
    """The filters of one connection, and those that the broker refused last."""

    def __init__(self, wanted: Iterable[Subscription | str]) -> None:
        self.wanted = tuple(Subscription(one) if isinstance(one, str) else one for one in wanted)
        self.refused: tuple[str, ...] = ()  # optional ones only

    def without(self, others: "Subscriptions") -> tuple[Subscription, ...]:
        """Those whose filters ``others`` lacks."""
        known = {one.topic_filter for one in others.wanted}
        return tuple(one for one in self.wanted if one.topic_filter not in known)

    def answered(self, failed: Sequence[bool], broker: str) -> tuple[str, ...]:
        """Take the broker's answers, in the order of ``wanted``; returns the required filters that it refused.

        Filters without an answer count as refused.  Optional ones are logged where they are other than the last time.
        """
        answers = [*failed, *[True] * len(self.wanted)]
        refused = [one for one, is_failed in zip(self.wanted, answers, strict=False) if is_failed]
        before, self.refused = self.refused, tuple(one.topic_filter for one in refused if not one.required)
        lacking = tuple(one.topic_filter for one in refused if one.required)
        if self.refused and self.refused != before and not lacking:
            filters = ", ".join(self.refused)
            _log.warning("%s: subscription to %s refused, continuing without it", broker, filters)
        return lacking
