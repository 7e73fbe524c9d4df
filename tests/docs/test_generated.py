"""The pages that follow from code are up to date."""

from pathlib import Path

import pytest

from docs import generate

DOCS = Path(generate.__file__).parent


@pytest.mark.parametrize("name", ["tables.md", "commands.md", "openapi.json"])
def test_a_generated_page_is_up_to_date(name: str) -> None:
    """`make docs` would change nothing."""
    assert (DOCS / name).read_text(encoding="utf-8") == generate.pages()[name], "run `make docs`"
