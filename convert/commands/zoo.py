"""``python -m convert zoo``: other recognisers on the cascade's speakers, and the page with their figures."""

import argparse
import json
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convert.bundle import origin
from convert.commands.groups.workers import add_workers, workers_of
from convert.commands.options import add_folders, natural, need_tensorflow
from convert.commands.text import add_text_folder
from convert.data.atomic_file import check_place
from edged.cli.values import path
from edged.errors import UsageError, nearest

if TYPE_CHECKING:
    from convert.zoo.problems import Places
    from convert.zoo.recogniser import Entry
    from convert.zoo.trials import Trial

_WIDTH, _NAME_WIDTH = 80, 24  # columns of --list


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_folders(parser)
    add_text_folder(parser)
    parser.add_argument("--model", nargs="+", metavar="NAME", help="only these recognisers, as --list names them")
    parser.add_argument("--slow", action="store_true", help="also those that take minutes to hours a fold, see --list")
    parser.add_argument("--corpus", nargs="+", metavar="NAME", help="only on these corpora, as --list names them")
    parser.add_argument("--own", type=path, metavar="INDEX.csv", help="on your recordings, see docs/own-corpus.md")
    parser.add_argument("--seeds", type=natural, nargs="+", default=[1, 2, 3], metavar="N", help="of trainings (1 2 3)")
    parser.add_argument("--list", action="store_true", help="print recognisers and corpora by name, and train nothing")
    add_workers(parser)
    parser.add_argument("--stored", action="store_true", help="train nothing: the table of the results that are there")
    parser.add_argument("--page", type=path, help="write the page (docs/zoo.md), its picture and its figures there")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> None:
    """Runs trials without a result, and prints or writes the table.

    Raises:
        UsageError: no such recogniser or corpus, an extra is not installed, the page cannot be written, or nothing is
            stored.
    """
    from convert.card.zoo import corpus_tables, page  # noqa: PLC0415 - scikit-learn takes seconds
    from convert.zoo import figures, running  # noqa: PLC0415 - as above
    from convert.zoo.catalogue import ENTRIES  # noqa: PLC0415 - as above
    from convert.zoo.own_problem import own_problem  # noqa: PLC0415 - as above
    from convert.zoo.problems import PROBLEMS, Places  # noqa: PLC0415 - as above
    from convert.zoo.summary import published_figures, summaries  # noqa: PLC0415 - as above

    if options.list:
        print("\n".join(_listed()))
        return
    if options.page is not None:
        _check_page(options.page)
    own = options.own and options.own.resolve()
    places = Places(options.corpora.resolve(), options.work.resolve(), options.text.resolve(), own)
    _known("model", options.model or (), list(ENTRIES))
    _known("corpus", options.corpus or (), list(PROBLEMS))
    names = options.model or list(ENTRIES)
    chosen = [name for name in names if options.model or _trained(ENTRIES[name], slow=options.slow)]
    wanted = _wanted(options, places, chosen)
    kept = figures.read(options.page.with_suffix(".json")) if options.page else []
    if not options.stored:
        need_tensorflow()
        running.run_all(places, figures.lacking(kept, wanted), workers_of(options), origin.commit())
    results = running.results(places, _wanted(options, places, names))
    if options.stored and not (results or options.page or options.json):
        raise UsageError(f"--stored: no results of these recognisers in {places.results}, expected those of a training")
    found = summaries(results)
    if options.page:
        found = figures.joined(kept, found, published_figures(results))
        figures.write(options.page.with_suffix(".json"), found)
    if options.json:
        print(json.dumps([one.as_json() for one in found], indent=1))
        return
    if options.page is None:
        print((page.page if own is None else corpus_tables.tables)(found, names))
    elif own is None:
        page.write(options.page, page.page(found), found)
    else:
        page.write(options.page, page.page_of_recordings(found, list(ENTRIES)), found, [own_problem(own).name])


def _check_page(page: Path) -> None:
    if page.suffix != ".md":
        raise UsageError(f"--page {page}: expected the name of a .md file, beside which .json and .png are written")
    check_place("--page", page, "file")


def _trained(entry: "Entry", *, slow: bool) -> bool:
    """Whether ``entry`` is trained where it is not named."""
    return not entry.reason or (slow and (not entry.variable or bool(os.environ.get(entry.variable))))


def _wanted(options: argparse.Namespace, places: "Places", names: Sequence[str]) -> list["Trial"]:
    """The trials of the recognisers ``names`` that ``options`` ask for, the first seed of all before the second of any.

    Raises:
        UsageError: no such corpus, or too few recordings.
    """
    from convert.zoo.catalogue import ENTRIES  # noqa: PLC0415 - as above
    from convert.zoo.own_problem import own_problem  # noqa: PLC0415 - as above
    from convert.zoo.problems import PROBLEMS, clips_of, media_of, named  # noqa: PLC0415 - as above
    from convert.zoo.trials import suits, trials_of  # noqa: PLC0415 - as above

    if options.own is not None and options.corpus:
        raise UsageError("--corpus: not with --own, which is the corpus")
    problems = [named(name) for name in options.corpus or PROBLEMS]
    if options.own is not None:
        problems = [own_problem(options.own.resolve())]
    elif not options.corpus:
        problems = [problem for problem in problems if problem.present(places)]
    found: list[Trial] = []
    for problem in problems:
        media = media_of(clips_of(problem.name, places))
        for name in names:
            if suits(problem, name, media):
                found += trials_of(problem, name, options.seeds)
    run = {trial.entry for trial in found}
    for name in options.model or ():
        if name not in run:
            needed = " and ".join(sorted(ENTRIES[name].needs))
            only = f" of {', '.join(ENTRIES[name].problems)}" if ENTRIES[name].problems and not options.own else ""
            raise UsageError(f"--model {name}: cannot run on these clips, expected {needed}{only}")
    return sorted(found, key=lambda trial: options.seeds.index(trial.seed))


def _listed() -> list[str]:
    """Recognisers by family, then corpora, for a terminal of 80 columns."""
    from convert.zoo.catalogue import ENTRIES  # noqa: PLC0415 - as above
    from convert.zoo.problems import PROBLEMS  # noqa: PLC0415 - as above

    lines = ["--model NAME"]
    for family in dict.fromkeys(entry.family for entry in ENTRIES.values()):
        lines += ["", f"  {family}"]
        for entry in [entry for entry in ENTRIES.values() if entry.family == family]:
            only = f" Only where it is named, or with --slow: {entry.reason}." if entry.reason else ""
            lines += _wrapped(entry.name, f"{entry.what}.{only}")
    lines += ["", "--corpus NAME", ""]
    for problem in PROBLEMS.values():
        lines += _wrapped(problem.name, problem.title)
    return lines


def _wrapped(name: str, text: str) -> list[str]:
    start = f"    {name:<{_NAME_WIDTH}}" if len(name) < _NAME_WIDTH else f"    {name}\n{'':{4 + _NAME_WIDTH}}"
    body = textwrap.wrap(text, _WIDTH - 4 - _NAME_WIDTH, break_long_words=False)
    return [f"{start if number == 0 else ' ' * (4 + _NAME_WIDTH)}{line}" for number, line in enumerate(body)]


def _known(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            close = nearest(name, known)
            which = f'did you mean "{close}"? --list names all' if close else "expected a name that --list prints"
            raise UsageError(f"--{option} {name}: {which}")
