"""Trials as independent jobs, for a Ray cluster.

Workers ──► a way to run trials: each a job, whose result travels as plain values
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from convert.tasks.job import Job, Workers
from convert.zoo.problems import Places
from convert.zoo.running import Done, Spread, one
from convert.zoo.trials import Trial


def over(workers: Workers) -> Spread:
    """Runs trials on ``workers`` instead of processes."""

    def spread(places: Places, missing: Sequence[Trial], _jobs: int) -> Iterator[Done]:
        by_name = {trial.name: trial for trial in missing}
        for job, values in workers.results([Job(name, as_values, (places, by_name[name])) for name in by_name]):
            yield by_name[job.name], values["result"], np.array(values["scores"], np.float32)

    return spread


def as_values(places: Places, trial: Trial) -> dict[str, Any]:
    """What a trial found, in a worker."""
    _, result, scores = one(places, trial)
    return {"result": result, "scores": scores.tolist()}
