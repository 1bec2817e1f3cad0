"""``python -m benchmarks.instructions``: count, show the difference, and write ``committed.json``."""

import sys

from benchmarks.instructions.committed import FILE, commit, committed
from benchmarks.instructions.counts import counted, why_not


def main() -> int:
    """Write the counts of now; returns the exit status."""
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 1
    before = committed().counts if FILE.exists() else {}
    counts = counted()
    for part, count in counts.items():
        change = f"{count / before[part] - 1:+.1%}" if part in before else "new"
        print(f"{part:<36} {count:>12,} {change}")
    commit(counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
