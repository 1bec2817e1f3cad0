"""Every recogniser of the zoo by name: the ``ENTRIES`` of each module in ``families``, so that a new one is one file.

families/*.py ──ENTRIES──► {name: Entry}, in the order in which the page lists them
"""

import pkgutil
from importlib import import_module
from typing import get_args

from convert.zoo import families
from convert.zoo.recogniser import Entry, Family


def _found() -> list[Entry]:
    modules = [import_module(f"{families.__name__}.{name}") for _, name, _ in pkgutil.iter_modules(families.__path__)]
    entries = [entry for module in modules for entry in getattr(module, "ENTRIES", ())]
    return sorted(entries, key=lambda entry: get_args(Family).index(entry.family))


ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _found()}
