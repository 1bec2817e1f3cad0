"""The recipes by name.

    name ──► Recipe: corpora, network, augmentation, schedule

``default`` is trained only on corpora whose licences allow commercial use; ``research`` adds those that do not.  The
recipes with one corpus left out measure ``research`` on a corpus that it was never trained on; EMO-DB's protocol starts
from one of them.
"""

import dataclasses

from convert.recipes.spec import (
    UNDISTILLED,
    AugmentSpec,
    HeadsSpec,
    NetworkSpec,
    Recipe,
    TeacherSpec,
    TowerSpec,
    TrunkSpec,
)
from edged.errors import UsageError

# CREMA-D's noise reveals its labels: it is removed from most clips, and other noise is added to most.
_UNDISTILLED = Recipe(
    name="default" + UNDISTILLED,
    corpora=("cremad", "emodb"),
    unseen=("ravdess", "nemo"),
    augment=AugmentSpec(clean_p=0.75, lows_p=0.5, peak_db=4.0, noise_p=0.7),
    epochs=80,
    epochs_after=12,
)
# Augmented copies come with the teacher: in a training from scratch they cost more on known corpora than they gain on
# unseen ones (LOG.md).
_DEFAULT = dataclasses.replace(_UNDISTILLED, name="default", teacher=TeacherSpec(seeds=(1, 2, 3)), augmented_copies=2)

_WIDE = NetworkSpec(
    blocks=((32, 2, "plain"), (32, 1, "plain"), (96, 2, "plain"), (96, 1, "plain")), fold=280, temporal=(280,)
)

# On the encoder.  Choices are made on EMOVO, which nobody trains on; RAVDESS and nEMO stay test.
_LARGE = Recipe(
    name="large",
    corpora=("cremad", "emodb"),
    unseen=("ravdess", "nemo", "emovo"),
    heads=HeadsSpec(repeats=(("emodb", 4.0),)),
)
_SMALL_TRUNK = TrunkSpec(towers=(TowerSpec(), TowerSpec(adapted_p=0.4, match=2.0, soft=0.6)), unlabelled=("ami",))
# Two kinds of networks in parallel: the first model of the default recipe, and towers that imitate the encoder.
_SMALL = Recipe(
    name="small",
    corpora=("cremad", "emodb"),
    unseen=("ravdess", "nemo", "emovo"),
    augment=AugmentSpec(clean_p=0.75, lows_p=0.5, peak_db=4.0, noise_p=0.7, moved_p=0.5, part_p=0.2, mixup_p=0.0),
    epochs=40,
    learning_rate=2e-3,
    augmented_copies=2,
    repeats=(("emodb", 4), ("ami", 8)),
    trunk=_SMALL_TRUNK,
    heads=HeadsSpec(
        active_db=45.0,
        versions=6,
        epochs=9,
        unadapted_p=0.65,
        repeats=(("emodb", 4.0),),
        start_share=0.4,
        caution_s=8.0,
        share=0.75,
    ),
)
# Half the time of the small recipe: no teachers of its start.  For folds, each of which needs a trunk of its own.
_SMALL_UNDISTILLED = dataclasses.replace(
    _SMALL, name="small" + UNDISTILLED, trunk=dataclasses.replace(_SMALL_TRUNK, start="default" + UNDISTILLED)
)
_RESEARCH = ("cremad", "emodb", "ravdess", "nemo")


def _small_research(without: str) -> Recipe:
    """The small recipe on the corpora of ``research``, and EMOVO without its labels; all but the corpus ``without``."""
    ending = f"-less-{without}" if without else ""
    return dataclasses.replace(
        _SMALL_UNDISTILLED,
        name=f"small-research{ending}",
        corpora=tuple(name for name in _RESEARCH if name != without),
        unseen=(without,) if without else (),
        trunk=dataclasses.replace(
            _SMALL_TRUNK,
            start=f"research{ending}" if without in _RESEARCH else "research",
            unlabelled=tuple(name for name in ("ami", "emovo") if name != without),
        ),
    )


SIZES = {"small": "small", "large": "large"}  # of the shipped bundles, the recipe of each

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        _DEFAULT,
        _UNDISTILLED,
        _SMALL,
        _SMALL_UNDISTILLED,
        dataclasses.replace(_UNDISTILLED, name="research", corpora=_RESEARCH, unseen=()),
        dataclasses.replace(
            _UNDISTILLED, name="research-less-nemo", corpora=("cremad", "emodb", "ravdess"), unseen=("nemo",)
        ),
        dataclasses.replace(
            _UNDISTILLED, name="research-less-ravdess", corpora=("cremad", "emodb", "nemo"), unseen=("ravdess",)
        ),
        dataclasses.replace(
            _UNDISTILLED, name="research-less-emodb", corpora=("cremad", "ravdess", "nemo"), unseen=("emodb",)
        ),
        _LARGE,
        dataclasses.replace(_LARGE, name="large-research", corpora=_RESEARCH, unseen=("emovo",)),
        dataclasses.replace(
            _LARGE, name="large-research-less-ravdess", corpora=("cremad", "emodb", "nemo"), unseen=("ravdess", "emovo")
        ),
        dataclasses.replace(
            _LARGE, name="large-research-less-nemo", corpora=("cremad", "emodb", "ravdess"), unseen=("nemo", "emovo")
        ),
        *(_small_research(without) for without in ("", "ravdess", "nemo", "emovo")),
        # The alternative to the cascade: one network with the parameters of all five, its own teacher.
        dataclasses.replace(_DEFAULT, name="default-wide", network=_WIDE, budgets=5, teacher=TeacherSpec(seeds=(1,))),
        # Shows on EMO-DB what a change does on an unseen corpus, without a look at RAVDESS and nEMO.
        Recipe(
            name="cremad-alone",
            corpora=("cremad",),
            unseen=("emodb",),
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
    chosen = RECIPES[name]
    if epochs is None:
        return chosen
    if epochs < 1:
        raise UsageError(f"--epochs {epochs}: expected 1 or more")
    cut = dataclasses.replace(chosen, epochs=epochs, epochs_after=min(epochs, chosen.epochs_after))
    if chosen.heads is not None:
        cut = dataclasses.replace(cut, heads=dataclasses.replace(chosen.heads, epochs=epochs))
    if not chosen.teacher.seeds:
        return cut
    return dataclasses.replace(
        cut, teacher=dataclasses.replace(chosen.teacher, epochs=min(epochs, chosen.teacher.epochs))
    )
