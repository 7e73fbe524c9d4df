"""The command line as a whole: which commands there are, how they help, how they refuse."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli import main as program
from tests.cli.conftest import Baove

PROMISED = {
    "up", "demo", "collect", "check", "agent run", "agent status", "agent explain", "agent service install",
    "agent service remove", "hub run", "hub import", "targets", "query", "school check", "school import",
    "school export", "rules list", "rules lint", "rules test", "config show", "bundle windows",
}  # fmt: skip


def commands(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield each command with its words."""
    command = command or get_command(program.app)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), command
        return
    for name, one in inner.items():
        yield from commands(one, (*words, name))


def test_the_commands_are_those_that_were_promised() -> None:
    """No command is missing, and none is there that nobody knows of."""
    assert {name for name, _ in commands()} == PROMISED


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("name", sorted(PROMISED))
@pytest.mark.parametrize(
    ("language", "usage", "example"), [("en", "Usage: ", "Example: "), ("vi", "Cách dùng: ", "Ví dụ: ")]
)
def test_each_command_helps_with_an_example(name: str, language: str, usage: str, example: str, baove: Baove) -> None:
    """--help says what a command does and shows it, in the language that was asked for."""
    helped = baove(*name.split(), "--help", "--lang", language)

    assert helped.code == 0
    assert helped.out.startswith(f"{usage}baove {name}")
    assert f"{example}baove {name}" in " ".join(helped.out.split())
    assert helped.err == ""


def test_each_option_says_what_it_is() -> None:
    """No option and no argument is without its sentence."""
    silent = [f"{name} {option.name}" for name, command in commands() for option in command.params if not option.help]

    assert silent == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["frob"], "frob"),
        (["school", "check"], "PATH is missing"),
        (["school", "check", "--frob", "x"], "--frob"),
        (["school", "check", "/no/such/folder"], "/no/such/folder: expected a folder"),
        (["school", "check", "/no/such/file.xlsx"], "expected a file here"),
        (["school", "export", "x"], "there is no hub's database"),
        (["targets"], "there is no hub's database"),
        (["query", "SELECT 1", "--json", "--csv"], "not both"),
        (["collect", "frob"], "no table frob"),
        (["collect", "--recording", "/no/such/recording"], "/no/such/recording"),
        (["up", "--listen", "0.0.0.0:8080"], "can be reached from other machines"),
        (["hub", "run", "--listen", "nonsense"], "expected HOST:PORT"),
        (["hub", "import", "/no/such/file"], "/no/such/file"),
        (["rules", "lint", "--rules", "/no/such/rules"], "/no/such/rules"),
        (["--lang", "fr", "targets"], "--lang: expected one of vi, en"),
        (["agent", "run", "--metrics-listen", "0.0.0.0:1"], "--metrics-listen"),
    ],
)
def test_a_mistake_is_refused_in_one_sentence(arguments: list[str], word: str, baove: Baove) -> None:
    """A person's mistake ends with 2 and one sentence on standard error: no traceback, nothing on standard output."""
    refused = baove(*arguments)

    assert refused.code == 2
    assert word in refused.err
    assert refused.err.startswith("baove: ")
    assert "Traceback" not in refused.err
    assert refused.out == ""


def test_a_database_of_an_unknown_kind_is_told(baove: Baove, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address of a database, and a database that does not answer, are refused in one line."""
    monkeypatch.setenv("BAOVE_DATABASE", "oracle")
    unknown = baove("targets")
    monkeypatch.setenv("BAOVE_DATABASE", "postgresql+psycopg://baove@127.0.0.1:1/name")
    silent = baove("targets")

    assert (unknown.code, silent.code) == (2, 2)
    assert unknown.err == "baove: BAOVE_DATABASE: expected an address such as postgresql+psycopg://user@host/name\n"
    assert len(silent.err.splitlines()) == 1
    assert "can't be opened" in silent.err


@pytest.mark.usefixtures("compiled")
def test_the_language_is_the_locales(baove: Baove, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a Vietnamese locale a refusal is Vietnamese, and --lang has the last word, wherever it stands."""
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")

    assert "cần một thư mục" in baove("school", "check", "/khong/co").err
    assert "expected a folder" in baove("school", "check", "/khong/co", "--lang", "en").err
    assert "expected a folder" in baove("--lang=en", "school", "check", "/khong/co").err


def test_settings_are_shown_with_their_origin(baove: Baove, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Config show lists each setting of hub and agent, and where its value comes from."""
    from agent.settings import SETTINGS as OF_AGENT
    from hub.settings import SETTINGS as OF_HUB

    (tmp_path / "baove.toml").write_text('listen = "127.0.0.1:8090"\n', encoding="utf-8")
    monkeypatch.setenv("BAOVE_CONFIG", str(tmp_path / "baove.toml"))
    monkeypatch.setenv("BAOVE_DATABASE", "postgresql+psycopg://baove:geheim@host/name")
    shown = {(one["program"], one["name"]): one for one in json.loads(baove("config", "show", "--json").out)}

    assert {name for program, name in shown if program == "hub"} == {setting.name for setting in OF_HUB}
    assert {name for program, name in shown if program == "agent"} == {setting.name for setting in OF_AGENT}
    assert shown["hub", "listen"]["value"] == "127.0.0.1:8090"
    assert shown["hub", "listen"]["origin"] == str(tmp_path / "baove.toml")
    assert shown["hub", "data"]["origin"] == "BAOVE_DATA"
    assert shown["hub", "school"]["origin"] == "default"
    assert shown["hub", "database"]["value"] == "postgresql+psycopg://baove:***@host/name"


def test_help_needs_nothing_heavy() -> None:
    """What --help imports is little: no hub, no database, no rules, no Rich."""
    code = (
        "import sys; from cli.main import run; run(['--help']); "
        "print(sorted({'hub.database', 'sqlalchemy', 'litestar', 'rich', 'yaml', 'rules.load'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_is_no_error() -> None:
    """`baove … | head` ends without a complaint."""
    code = "from cli.main import main; main()"
    ran = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{code}" agent explain | head -n 1'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert ran.stderr == ""
    assert len(ran.stdout.splitlines()) == 1


def test_hub_and_agent_may_share_a_file() -> None:
    """Each knows the names that the other reads from the same file, so that neither refuses what is the other's."""
    from agent import settings as of_agent
    from hub import settings as of_hub

    names = {program: {one.name for one in program.SETTINGS} for program in (of_agent, of_hub)}

    assert set(of_hub.OTHERS) == names[of_agent] - names[of_hub]
    assert set(of_agent.OTHERS) == names[of_hub] - names[of_agent]
