"""What the documentation shows is what a person gets.

Each ```console block of a README and of docs/ is run: a line that begins with ``$ `` is a command, what follows it is
its output, in which … stands for anything and a line of … for any lines. A command without output must only end with 0
or 1. A block that can't be run says why in a comment above it: <!-- not run: it installs packages -->.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGES = [
    TOP / "README.md",
    TOP / "CONTRIBUTING.md",
    *sorted((TOP / "docs").rglob("*.md")),
    *sorted(TOP.glob("*/README.md")),
]
BLOCK = re.compile(r"^(?P<why><!-- not run: .+ -->\n)?```console\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(block["text"], id=f"{page.relative_to(TOP)}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.finditer(page.read_text()), 1)
    if not block["why"]
]
LIMIT_SECONDS = 60


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block, and the output that the page shows for it."""
    for one in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = one.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = f"{command[:-1]}{more}"
        yield command, output.strip("\n")


def matches(shown: str, seen: str) -> bool:
    """Tell whether output is as shown, where … stands for anything; blanks at line ends don't count."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*?") + r"[ ]*\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, seen.rstrip() + "\n") is not None


@pytest.mark.parametrize("text", BLOCKS)
def test_a_page_shows_what_one_gets(text: str, tmp_path: Path) -> None:
    """A command in the documentation works, and prints what the page shows."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BAOVE_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BAOVE_DATA": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
    for command, shown in commands(text):
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=TOP,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        seen = ran.stdout + ran.stderr

        assert ran.returncode in {0, 1}, f"$ {command}\n{seen}"
        assert not shown or matches(shown, seen), f"$ {command}\n{seen}"


@pytest.mark.parametrize(
    ("shown", "seen", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…", "a", True),
        ("took … s", "took 0.3 s", True),
        ("took … s", "took 0.3 s\nand more", False),
        ("a.c", "abc", False),
        ("a", "b", False),
    ],
)
def test_dots_stand_for_anything(shown: str, seen: str, same: bool) -> None:
    """… within a line matches any text, on a line of its own any lines, and nothing else is loose."""
    assert matches(shown, seen) is same
