"""The completion scripts of ``edged completion``, from its argument parser.

    parser ──shtab──► edged/cli/completions/edged.bash, edged.zsh, edged.fish

python -m tests.tools.completions        (make reference)
"""

import shtab

from edged.cli import completion
from edged.cli.parser import parser
from edged.cli.values import path, sound_file


def script(shell: str) -> str:
    """The script for ``shell``: commands, options, and files where a path is expected."""
    main = parser()
    for command in main.commands.values():
        command.complete()
    for one in (main, *main.commands.values()):
        for action in one._actions:  # noqa: SLF001 -- argparse has no public list
            if action.type in (path, sound_file):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    return shtab.complete(main, shell) + "\n"


if __name__ == "__main__":
    for name in completion.SHELLS:
        completion.file_for(name).write_text(script(name), encoding="utf-8")
