"""Checks that the routes of a manifest use its models, and end.

Manifest.routes ──soft weights, hard branches──► nothing, or ModelError with file and key
"""

from pathlib import Path

from edged.errors import ModelError
from edged.models.manifest import Manifest, Node

_MAX_DEPTH = 16  # models that run one after the other


def check_routes(file: Path, manifest: Manifest) -> None:
    """Checks that ``routes`` fit the models.

    Raises:
        ModelError: they do not; ``file`` is for the message.
    """
    unknown = set(manifest.routes.soft) - set(manifest.models)
    if unknown or not any(manifest.routes.soft.values()):
        raise ModelError(
            f"{file}: routes.soft is {manifest.routes.soft}, expected weights of {sorted(manifest.models)}, one above 0"
        )
    _check_node(file, manifest, manifest.routes.hard, "routes.hard")
    first = manifest.models[manifest.routes.hard.model]
    if set(first.labels) != set(manifest.labels):
        raise ModelError(
            f"{file}: routes.hard.model is {manifest.routes.hard.model!r}, expected a model that answers all labels"
        )


def _check_node(file: Path, manifest: Manifest, node: Node, where: str) -> None:
    if node.model not in manifest.models:
        raise ModelError(f"{file}: {where}.model is {node.model!r}, expected one of {sorted(manifest.models)}")
    if where.count(".then") == _MAX_DEPTH:
        raise ModelError(f"{file}: routes.hard is deeper than {_MAX_DEPTH} models, expected a route that ends")
    labels = list(manifest.models[node.model].labels)
    seen: set[str] = set()
    for index, branch in enumerate(node.branches):
        path = f"{where}.branches[{index}]"
        once = len(set(branch.labels)) == len(branch.labels)
        if not branch.labels or not once or not set(branch.labels) <= set(labels) - seen:
            raise ModelError(
                f"{file}: {path}.labels is {list(branch.labels)}, expected some of {labels}, each in one branch only"
            )
        seen |= set(branch.labels)
        _check_node(file, manifest, branch.then, f"{path}.then")
