"""The recipes for a user's own recordings, by size.

    large: heads on the shipped trunk (minutes)    small: networks of their own from the first layer on (an hour)

They are those of the shipped large bundle and of the networks that the small one starts from, without a teacher: its
three trainings pay on thousands of clips.
"""

import dataclasses

from convert.recipes.catalogue import RECIPES, SIZES, recipe
from convert.recipes.spec import UNDISTILLED, HeadsSpec, Recipe

OWN_SIZES = ("large", "small")  # the first by default
_NETWORKS = "default"  # the recipe whose networks see windows themselves
_WITHOUT_NOISES = 2  # versions of a clip that need no noise: as it comes, and moved


def own_recipe(size: str, corpus: str, *, epochs: int | None, with_noises: bool) -> Recipe:
    """The recipe of ``size`` for ``corpus``, cut to ``epochs`` where given."""
    if size == "large":
        chosen = recipe(SIZES["large"], epochs)
        spec = chosen.heads or HeadsSpec()
        heads = dataclasses.replace(spec, repeats=(), versions=spec.versions if with_noises else _WITHOUT_NOISES)
        return dataclasses.replace(chosen, name="own-large", corpora=(corpus,), unseen=(), heads=heads)
    chosen = recipe(f"{_NETWORKS}{UNDISTILLED}", epochs)
    copies = RECIPES[_NETWORKS].augmented_copies if with_noises else 0
    return dataclasses.replace(chosen, name="own-small", corpora=(corpus,), unseen=(), augmented_copies=copies)
