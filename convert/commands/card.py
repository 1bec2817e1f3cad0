"""``python -m convert card``: the model card and the plots of a bundle, from its manifest alone."""

import argparse

from edged.cli.values import path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--bundle", type=path, required=True, help="the bundle's folder")


def run(options: argparse.Namespace) -> None:
    """Writes the card and the plots."""
    from convert.bundle.writer import with_card  # noqa: PLC0415 - matplotlib takes a second

    made = with_card(options.bundle)
    print(f"{made.path / 'README.md'}: written from bundle.json")
