"""``python -m convert prepare``: the log-mel of every clip of a recipe, computed once."""

import argparse

from convert.commands.options import add_folders, add_recipe, recipe_of
from convert.data import dataset
from convert.data.material import material
from convert.recipes.catalogue import recipe


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folders(parser)
    add_recipe(parser)


def run(options: argparse.Namespace) -> None:
    """Fills the cache below ``--work``."""
    clips = material(options.corpora, recipe(recipe_of(options)))
    dataset.prepare(clips.all(), options.work / "cache")
