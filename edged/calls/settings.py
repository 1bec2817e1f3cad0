"""What the analysis of a call is given beside the recording.

config, bundle, whose channel, turns ──► CallSettings ──► analyse
"""

from dataclasses import dataclass

from edged.config.structs import Config
from edged.contract.call_report import Customer
from edged.models.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Turn:
    """One party speaks from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """For one call."""

    config: Config
    bundle: Bundle
    customer: Customer | None = None  # None: as the config says; a stereo call whose customer nobody names is refused
    turns: tuple[Turn, ...] = ()  # of a mono call
    speaker: str = "customer"  # the customer's name in ``turns``
    name: str | None = None  # stands for the file's name in the report and in errors
