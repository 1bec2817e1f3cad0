"""The recipes by name.

    name ──► Recipe: corpora, network, augmentation, schedule

``default`` is trained only on corpora whose licences allow commercial use; ``research`` adds those that do not.  The
recipes less one corpus measure what ``research`` is worth on a corpus that it never heard; EMO-DB's protocol starts
from one.
"""

import dataclasses

from convert.recipes.spec import UNTAUGHT, AugmentSpec, NetworkSpec, Recipe, TeacherSpec
from edged.errors import UsageError

# CREMA-D tells its labels by its noise: most clips lose it, and most are given another one.
_UNTAUGHT = Recipe(
    name="default" + UNTAUGHT,
    corpora=("cremad", "emodb"),
    strangers=("ravdess", "nemo"),
    augment=AugmentSpec(clean_p=0.75, lows_p=0.5, peak_db=4.0, noise_p=0.7),
    epochs=80,
    epochs_after=12,
)
# Copies come with the teacher: from the start they cost what is known more than they give what is not (LOG.md).
_DEFAULT = dataclasses.replace(_UNTAUGHT, name="default", teacher=TeacherSpec(seeds=(1, 2, 3)), copies=2)

_WIDE = NetworkSpec(
    blocks=((32, 2, "plain"), (32, 1, "plain"), (96, 2, "plain"), (96, 1, "plain")), fold=280, temporal=(280,)
)

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _DEFAULT,
        _UNTAUGHT,
        dataclasses.replace(_UNTAUGHT, name="research", corpora=("cremad", "emodb", "ravdess", "nemo"), strangers=()),
        dataclasses.replace(
            _UNTAUGHT, name="research-less-nemo", corpora=("cremad", "emodb", "ravdess"), strangers=("nemo",)
        ),
        dataclasses.replace(
            _UNTAUGHT, name="research-less-ravdess", corpora=("cremad", "emodb", "nemo"), strangers=("ravdess",)
        ),
        dataclasses.replace(
            _UNTAUGHT, name="research-less-emodb", corpora=("cremad", "ravdess", "nemo"), strangers=("emodb",)
        ),
        # The rival of the cascade: one network with the parameters of all five, taught by itself.
        dataclasses.replace(_DEFAULT, name="default-wide", network=_WIDE, budgets=5, teacher=TeacherSpec(seeds=(1,))),
        # What a change does for a corpus never heard is seen on EMO-DB, before RAVDESS and nEMO are looked at.
        Recipe(
            name="cremad-alone",
            corpora=("cremad",),
            strangers=("emodb",),
            augment=AugmentSpec(clean_p=0.5, lows_p=0.5),
            epochs=40,
        ),
    )
}


def recipe(name: str, epochs: int | None = None) -> Recipe:
    """The recipe called ``name``, all its trainings cut to ``epochs`` where given.

    Raises:
        UsageError: there is no such recipe, or nothing would be trained.
    """
    if name not in RECIPES:
        raise UsageError(f"recipe {name!r}: expected one of {', '.join(RECIPES)}")
    found = RECIPES[name]
    if epochs is None:
        return found
    if epochs < 1:
        raise UsageError(f"--epochs {epochs}: expected 1 or more")
    cut = dataclasses.replace(found, epochs=epochs, epochs_after=min(epochs, found.epochs_after))
    if not found.teacher.seeds:
        return cut
    return dataclasses.replace(
        cut, teacher=dataclasses.replace(found.teacher, epochs=min(epochs, found.teacher.epochs))
    )
