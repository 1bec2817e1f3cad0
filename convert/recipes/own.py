"""The recipes for a user's own recordings, by size.

    large, small: heads on the trunk of the shipped bundle of this size (minutes)
    scratch: networks of their own from the first layer on (an hour)

Heads are those of the shipped bundles; networks are those of the first release, without a teacher, which pays only
with thousands of clips.
"""

import dataclasses

from convert.recipes.catalogue import RECIPES, SIZES, recipe
from convert.recipes.spec import UNDISTILLED, HeadsSpec, Recipe

LARGE, SCRATCH = "large", "scratch"
_NETWORKS = "default"
_WITHOUT_NOISES = 2  # versions of a clip that need no noise: unchanged, and moved


def own_recipe(size: str, corpus: str, *, epochs: int | None, with_noises: bool) -> Recipe:
    """The recipe of ``size`` for ``corpus``, cut to ``epochs`` where given."""
    if size in SIZES:
        chosen = recipe(SIZES[size], epochs)
        spec = chosen.heads or HeadsSpec()
        heads = dataclasses.replace(spec, repeats=(), versions=spec.versions if with_noises else _WITHOUT_NOISES)
        own = dataclasses.replace(chosen, name=f"own-{size}", corpora=(corpus,), unseen=())
        return dataclasses.replace(own, heads=heads, trunk=None)
    chosen = recipe(f"{_NETWORKS}{UNDISTILLED}", epochs)
    copies = RECIPES[_NETWORKS].augmented_copies if with_noises else 0
    return dataclasses.replace(chosen, name=f"own-{size}", corpora=(corpus,), unseen=(), augmented_copies=copies)
