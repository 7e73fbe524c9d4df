"""Where the data for tests lie that may not ship with the project: a folder beside the repository's own."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs the recordings of ../shared, which are not part of the repository"
)
