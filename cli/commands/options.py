"""What the files of commands share."""

from collections.abc import Callable
from typing import Any

import typer

from cli.session import Session

MakeGroup = Callable[..., typer.Typer]
"""Makes an empty group of commands."""

Add = Callable[[str, str, str], Callable[[Callable[..., int | None]], Callable[..., int | None]]]
"""Given a name, what it does, and an example: makes a function that command."""


def adder(app: typer.Typer, command_class: type[Any], session: Session) -> Add:
    """Return what adds a command to a group; each has its sentence and its example."""

    def add(name: str, about: str, example: str) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
        epilog = f"{session.say('Example:')} {example}"
        return app.command(name, cls=command_class, help=about, epilog=epilog)

    return add
