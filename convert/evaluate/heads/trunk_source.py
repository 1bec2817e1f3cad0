"""A bundle's trunk as the source of training features.

Bundle, its recipe, clips ──► Source, HeadsSpec
"""

from pathlib import Path

from convert.data.material import Material
from convert.recipes.catalogue import RECIPES
from convert.recipes.spec import HeadsSpec, Recipe
from convert.train.heads.window_features import Source
from edged.errors import UsageError
from edged.models.bundle import Bundle


def recipe_of(bundle: Bundle) -> Recipe:
    """The recipe that ``bundle`` was made by.

    Raises:
        UsageError: there is no such recipe, or its models share no trunk.
    """
    name = bundle.manifest.training.get("recipe", {}).get("name")
    if name not in RECIPES or RECIPES[name].heads is None or bundle.trunk is None:
        known = [recipe.name for recipe in RECIPES.values() if recipe.heads is not None]
        raise UsageError(f"{bundle.path}: recipe {name}, expected a bundle with a trunk, of {', '.join(known)}")
    return RECIPES[name]


def heads_of(recipe: Recipe) -> HeadsSpec:
    """The heads of ``recipe``.

    Raises:
        UsageError: it has none.
    """
    if recipe.heads is None:
        raise UsageError(f"recipe {recipe.name}: its models are no heads, expected a recipe with a trunk")
    return recipe.heads


def source_of(bundle: Bundle, clips: Material, work: Path) -> Source:
    """The source of features for the heads of ``bundle``; its trunk is not trained again."""
    recipe = recipe_of(bundle)
    return Source(
        trunk=bundle.trunk or b"",
        geometry=bundle.geometry,
        active_db=heads_of(recipe).active_db,
        sound=recipe.sound,
        noises=tuple(clips.noises),
        cache=work / "cache",
        folder=work / "features",
    )


def answers_of(recipe: Recipe) -> int | None:
    """The first of the features that are logits of the model that the trunk started from; None where there are none."""
    return recipe.network.temporal[-1] if recipe.trunk is not None and recipe.trunk.start else None
