"""What runs on a school PC: it collects, keeps, shows and reports facts. Pure Python; takes no orders."""

import sys

VERSION = "0.1.0"
"""The agent's version. On a PC there is no package metadata to ask, so it stands here; a test holds it."""

if sys.platform == "win32":
    # Or `platform`, which prometheus-client asks, would ask WMI: in the daemon, in a second, after minutes or never.
    sys.modules.setdefault("_wmi", None)  # type: ignore[arg-type]  # None makes its import fail
