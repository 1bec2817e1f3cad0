"""A user's clips to a bundle of one model: a network of the zoo, int8, with the dimensions that it has heads for.

clips ──network of the zoo──► m1, dimensions ──int8──► Parts
"""

from convert.corpora.clip import Clip
from convert.data import dataset
from convert.data.splits import Split
from convert.own import routes
from convert.own.device.files import LABEL, int8_files
from convert.own.device.networks import fitted, limited_epochs
from convert.own.parts import Parts
from convert.own.plan import Plan
from convert.train.quantize import representative_windows
from convert.zoo.recogniser import Task


def parts(plan: Plan, name: str, sides: dict[Split, list[Clip]]) -> Parts:
    """Trains the network ``name`` on one side; its epoch is chosen on validation speakers.

    Raises:
        ModelError: it has no int8 form.
    """
    limited_epochs(plan.epochs)
    cache = plan.work / "cache"
    dataset.prepare([*sides["train"], *sides["validation"]], cache)
    made = fitted(name, Task(plan.corpus.labels, plan.seed), sides["train"], sides["validation"], plan.work)
    contents, sizes = int8_files(name, made, representative_windows(sides["train"], cache, plan.seed))
    return Parts(
        cascade=routes.alone(plan.corpus.labels),
        contents={LABEL: contents[LABEL]},
        sizes=sizes,
        adaptation=None,
        epochs={},
        dimensions={one: contents[one] for one in made.dimensions},
    )
