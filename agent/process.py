"""How a process of the agent is started: the same Python, and nothing from the folder one happens to stand in."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
"""Where the packages lie. It is looked at last, so nothing beside them can take the place of the standard library."""


NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""On Windows a process of ours gets no console of its own, which would flash up or live on in the background."""


def peak_bytes() -> int | None:
    """Return the most memory that this process ever held, as the system counts it; None where it can't be told."""
    running_on: str = sys.platform  # mypy checks one system's branch only where it is asked for directly
    if running_on == "win32":
        from collectors.sources.win32 import peak_working_set_bytes

        return peak_working_set_bytes()
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs ``main()`` of a module of ours."""
    code = f"import sys; sys.path.append({str(TOP)!r}); from {module} import main; main()"
    return [sys.executable, "-P", "-c", code, *arguments]
