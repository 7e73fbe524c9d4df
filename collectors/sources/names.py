"""Names that tell rows apart."""

from itertools import count


def untaken(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, 'name' or 'name #2', and take it: two things must not be taken for one."""
    found = name if name not in taken else next(one for one in (f"{name} #{at}" for at in count(2)) if one not in taken)
    taken.add(found)
    return found
