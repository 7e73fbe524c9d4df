"""The programs of Debian's that tests use beside Python: `make test` installs them."""

import os
import shutil
from pathlib import Path

import pytest

PACKAGES = {
    "chromium": "chromium",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "initdb": "postgresql",
    "postgres": "postgresql",
    "setpriv": "util-linux",
    "systemd-analyze": "systemd",
    "wine64": "wine64",
}
"""The Debian package of each program."""


def tool(program: str) -> str:
    """Return the path of a program; where it is absent the test is skipped, but in CI it fails."""
    beside = sorted([*Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), *Path("/usr/lib/wine").glob(program)])
    found = shutil.which(program) or (str(beside[-1]) if beside else None)
    if found:
        return found
    sentence = f"needs {program}: as root, apt-get install {PACKAGES[program]}"
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)
