"""A person at the command line, in a home of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str


Baove = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "BAOVE_DATA", "BAOVE_CONFIG", "BAOVE_LISTEN", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("BAOVE_DATA", str(tmp_path / "hub"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def baove(capsys: pytest.CaptureFixture[str]) -> Baove:
    """Return a function that runs a command line in this process."""

    def ran(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.fixture(scope="session")
def compiled() -> None:
    """Compile the catalogues, as the build does."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in Path(__file__).resolve().parents[2].glob("*/locale/*/LC_MESSAGES/*.po"):
        with source.open("rb") as words, source.with_suffix(".mo").open("wb") as made:
            write_mo(made, read_po(words, locale=source.parts[-3]))
