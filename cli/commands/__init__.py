"""The commands, a file for each group. They read options, call what does the work, and print what it gives."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.commands import agent, ask, bundle, config, hub, machine, rules, school, start
from cli.session import Say, Session

GROUPS = (start, machine, agent, hub, ask, school, rules, bundle, config)
"""The files, in the order in which their commands are listed."""


def _translated(option: Any, say: Say) -> Any:
    if option is not None:
        option.help = say("Show this message and exit.")
    return option


def build(session: Session) -> typer.Typer:
    """Return the whole command line, its help in the session's language."""
    say = session.say

    class Command(TyperCommand):
        """A command whose help is all in one language."""

        def format_usage(self, ctx: Any, formatter: Any) -> None:
            formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), say("Usage: "))

        def get_help_option(self, ctx: Any) -> Any:
            return _translated(super().get_help_option(ctx), say)

    class Group(TyperGroup):
        """The same for a group of commands."""

        def format_usage(self, ctx: Any, formatter: Any) -> None:
            formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), say("Usage: "))

        def get_help_option(self, ctx: Any) -> Any:
            return _translated(super().get_help_option(ctx), say)

    settings = {"help_option_names": ["--help", "-h"], "max_content_width": 100}

    def group(**more: Any) -> typer.Typer:
        return typer.Typer(
            cls=Group, no_args_is_help=True, add_completion=False, rich_markup_mode=None,
            pretty_exceptions_enable=False, context_settings=settings, **more,
        )  # fmt: skip

    app = group(
        help=say("Tells whether a school's machines and network meet the plan, with evidence."),
        epilog=f"{say('Example:')} baove up --lang vi",
    )

    @app.callback()
    def every_command(
        lang: Annotated[str | None, typer.Option(help=say("The language, else the locale's"), metavar="vi|en")] = None,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help=say("Tell more"))] = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help=say("Tell less"))] = False,
        version: Annotated[bool, typer.Option("--version", help=say("Print the version"))] = False,
    ) -> None:
        """Show what cli.main has taken out of the command line already, wherever it stood."""

    for one in GROUPS:
        one.add(app, group, Command, session)
    return app
