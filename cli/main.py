"""The command ``baove``: reads what is asked, in Vietnamese or English, and tells in one sentence what was refused."""

import gettext
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent import VERSION
from cli.session import DONE, REFUSED, Session
from rules.words import LANGUAGES, language_of, sentence, translator

_LOCALE = Path(__file__).resolve().parent / "locale"


OF_TYPER = (
    "Options", "Commands", "Arguments", "default: {default}", "required",
    "Missing command.", "No such command {name!r}.",
)  # fmt: skip
"""What Typer says by gettext itself: these stand here so that the catalogue has them."""


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask and return the exit code. The only place where errors are told."""
    try:
        session, rest = _session(arguments)
    except ValueError as error:
        Session("en", translator(language_of(os.environ)), os.environ).complain(error.args[0])
        return REFUSED
    if rest[:1] == ["--version"]:
        session.result(VERSION)
        return DONE
    try:
        return _call(session, rest)
    except KeyboardInterrupt:
        return REFUSED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the interpreter complains once more at its end
        return REFUSED


def _session(arguments: Sequence[str]) -> tuple[Session, list[str]]:
    """Take out the options that every command has, wherever they stand. Raises ValueError with a sentence."""
    language = language_of(os.environ)
    loudness, rest = 0, []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--lang" or word.startswith("--lang="):
            language = word.partition("=")[2] or next(words, "")
            if language not in LANGUAGES:
                raise ValueError(sentence("--lang: expected one of {words}", words=", ".join(LANGUAGES)))
        elif word in {"-v", "--verbose", "-q", "--quiet"}:
            loudness = 1 if "v" in word else -1
        else:
            rest.append(word)
    return Session(language, translator(language), os.environ, loudness), rest


def _call(session: Session, arguments: list[str]) -> int:
    # Typer's own words ("Options", "Missing command") come from the catalogue too; it binds gettext when imported.
    os.environ["LANGUAGE"] = session.language
    gettext.bindtextdomain("cli", str(_LOCALE))
    gettext.textdomain("cli")

    import typer

    from cli.commands import build
    from cli.refusals import told

    try:
        code = build(session)(args=arguments, prog_name="baove", standalone_mode=False)
    except (typer.Exit, typer.Abort) as ended:
        return getattr(ended, "exit_code", REFUSED)
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # nothing was asked: what there is to ask
            print(str(error).rstrip(), file=sys.stderr)  # noqa: T201 - a command
            return REFUSED
        sentences = told(error, session.say)
        if sentences is None:
            raise  # a bug of ours: its traceback is what a report of it needs
        for one in sentences:
            session.complain(one)
        return REFUSED
    return code if isinstance(code, int) else DONE


def __getattr__(name: str) -> Any:
    """Give ``app``, the whole command line in English: the reference in docs/ is made from it."""
    if name == "app":
        from cli.commands import build

        return build(Session("en", translator("en"), os.environ))
    raise AttributeError(name)
