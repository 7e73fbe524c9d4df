"""What may go wrong without being a bug of ours, and the sentences that say so."""

import errno
from collections.abc import Callable, Mapping
from typing import Any

import typer

from cli.session import Say
from rules.words import Sentence, sentence


def told(error: Exception, say: Say) -> list[str] | None:
    """Return the sentences of an error, in the language of ``say``; None for what is a bug."""
    for cls in type(error).__mro__:
        tells = _BY_NAME.get(f"{cls.__module__}.{cls.__qualname__}")
        if tells is not None:
            return tells(error, say)
    if isinstance(error, typer.TyperException):
        return [say(_usage(error))]
    if isinstance(error, OSError) and error.errno in _OF_A_USER:
        return [say(sentence("{place}: {why}", place=error.filename or "baove", why=error.strerror or error))]
    return None


def _first(error: Any, say: Say) -> list[str]:
    return [say(error.args[-1])]


def _problems(error: Any, say: Say) -> list[str]:
    return [problem.said(say) for problem in error.problems]


def _setting(error: Any, say: Say) -> list[str]:
    return [error.said(say)]


def _database(error: Any, say: Say) -> list[str]:
    return [say(sentence("the database could not do it: {why}", why=str(error.orig).splitlines()[0]))]


_BY_NAME: Mapping[str, Callable[[Any, Say], list[str]]] = {
    "rules.problems.Refused": _problems,
    "collectors.settings.SettingsError": _setting,
    "hub.database.DatabaseRefused": _first,
    "hub.bundle.python.BundleRefused": _first,
    "hub.reports.ReportRefused": _first,
    "rules.engine.QueryError": _first,
    "agent.supervise.Refusal": _first,
    "agent.daemon.CannotRun": _first,
    "cli.session.Refusal": _first,
    "sqlalchemy.exc.OperationalError": _database,
}
"""By name, so that a command imports nothing for the sake of errors that it can't have."""

_OF_A_USER = {
    errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG,
    errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EDQUOT,
}  # fmt: skip


def _usage(error: Any) -> Sentence:
    """Return what is wrong with a command line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "baove"
    parameter = getattr(error, "param", None)
    if type(error).__name__ == "NoSuchOption":
        return sentence(
            "there is no option {option} here: see '{command} --help'", option=error.option_name, command=command
        )
    if type(error).__name__ == "MissingParameter" and parameter is not None:
        name = (
            parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar or parameter.name.upper()
        )
        return sentence("{name} is missing: see '{command} --help'", name=name, command=command)
    why = error.format_message().rstrip(".")
    return sentence("{why}: see '{command} --help'", why=why[:1].lower() + why[1:], command=command)
