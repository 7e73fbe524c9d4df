"""How a process of the agent is started: the same Python, and nothing from the folder one happens to stand in."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
"""Where the packages lie. It is looked at last, so nothing beside them can take the place of the standard library."""


NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""On Windows a process of ours gets no console of its own, which would flash up or live on in the background."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``main()`` of a module of ours."""
    code = f"import sys; sys.path.append({str(TOP)!r}); from {module} import main; main()"
    return [sys.executable, "-P", "-c", code, *arguments]
