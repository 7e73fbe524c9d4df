"""The collectors of a PC: one file a table, found by where it lies."""

import importlib
import pkgutil

from collectors.facts import Collector


def collectors() -> dict[str, list[Collector]]:
    """Return each table's collectors, by the table's name, in alphabetical order."""
    found: dict[str, list[Collector]] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        mine = [thing for thing in vars(module).values() if isinstance(thing, Collector)]
        if [one.table for one in mine if one.table != name] or not mine:
            raise TypeError(f"{module.__file__} must hold the collectors of the table {name}, and no other")
        found[name] = mine
    return found


def tables() -> dict[str, type]:
    """Return each table's fact class, by the table's name."""
    return {name: mine[0].fact for name, mine in collectors().items()}


def for_system(system: str) -> dict[str, Collector]:
    """Return each table's collector for a system ('linux', 'windows'), where it has one."""
    return {name: one for name, mine in collectors().items() for one in mine if one.system == system}
