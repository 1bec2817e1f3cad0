"""``python -m benchmarks``: measures what has not been measured at this commit, and writes the page.

    --only NAME ...   these measurements only, measured again (--list names them)
    --fresh           all of them again
    --page            write the page from the stored results, and measure nothing

An interrupted run resumes where it stopped: each measurement is stored when it ends.  The page is written where all of
them are stored; elsewhere it would lose the others' figures, so ``--only`` prints what it measured instead.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks import machine, runner
from benchmarks.catalogue import ENTRIES
from benchmarks.page.write import PAGE, section, write_page
from benchmarks.result import FOLDER, saved


def main() -> int:
    """Run what is asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="measure, and write docs/benchmarks.md")
    names = [entry.name for entry in ENTRIES]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help="measure these, again")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured at this commit")
    parser.add_argument("--page", action="store_true", help="only write the page from what is stored")
    parser.add_argument("--list", action="store_true", help="list the measurements")
    parser.add_argument("--child", choices=names, help=argparse.SUPPRESS)
    options = parser.parse_args()
    by_name = {entry.name: entry for entry in ENTRIES}
    if options.child:
        # On stdout as the last line: packages may print too.
        outcome = by_name[options.child].load().measured()
        sys.stdout.buffer.write(b"\n" + msgspec.json.encode(outcome))
        return 0
    if options.list:
        print("\n".join(f"{entry.name:<16} {entry.about}" for entry in ENTRIES))
        return 0
    commit = machine.commit()
    for entry in [] if options.page else [by_name[name] for name in options.only or names]:
        if not options.only and not options.fresh and runner.is_done(entry, commit):
            print(f"{entry.name:<16} is measured at {commit}", flush=True)
            continue
        print(f"{entry.name:<16} {entry.about} …", end=" ", flush=True)
        result = runner.run(entry, commit)
        print(result.outcome.missing or f"{result.wall_s:.0f} s", flush=True)
    results = {name: stored for name in names if (stored := saved(name))}
    if n_missing := len(names) - len(results):
        for name in options.only or ():
            print("", *section(by_name[name], results[name].outcome), sep="\n")
        absent = f"{n_missing} of its {len(names)} measurements are not in {FOLDER}"
        print(f"{PAGE} is left as it is: {absent}; make bench makes them")
        return int(options.page)
    write_page(results, Path())
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
