"""Instructions and allocations of the front end and of a window, beside their times."""

from benchmarks.instructions.committed import committed, grown
from benchmarks.instructions.counts import counted, n_allocations, why_not
from benchmarks.result import Outcome


def measured() -> Outcome:
    """Counts of now, in millions, and what has grown since they were committed."""
    if reason := why_not():
        return Outcome(missing=reason)
    counts, before = counted(), committed().counts
    figures = {f"{part}, million instructions": count / 1e6 for part, count in counts.items()}
    figures["calls of malloc a window"] = float(n_allocations())
    return Outcome(
        figures=figures, notes=grown(counts, before) or ["None has grown by more than 10 % since committed."]
    )
