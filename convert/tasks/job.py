"""One independent task, and who runs such tasks.

    Job: name, function, arguments ──a worker──► result as plain values ──► <folder>/<name>.json

A job depends on nothing but its arguments, so it can run in any order, on any machine, and again after a failure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Result = dict[str, Any]  # what JSON can say


@dataclass(frozen=True, slots=True)
class Job:
    """A fold, a seed, a model: whatever can be trained alone."""

    name: str  # of the result's file: letters, digits, _ and -
    function: Callable[..., Result]  # at the top of a module, so that another process can import it
    arguments: tuple[Any, ...] = ()

    def run(self) -> Result:
        """The result, in this process."""
        return self.function(*self.arguments)


class Workers(Protocol):
    """Processes or machines."""

    def results(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Result]]:
        """Each job with its result, as they are done; a job whose worker died is tried again.

        Raises:
            UsageError: the same job lost its worker several times.
            Exception: whatever a job raised.
        """
