"""What users read: English sentences in the code, their Vietnamese in gettext catalogues beside each package.

Standard library only. A catalogue is ``<package>/locale/vi/LC_MESSAGES/<package>.po``; the build compiles it.
"""

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
PACKAGES = ("collectors", "rules", "agent", "hub", "cli")
_TOP = Path(__file__).resolve().parents[1]


class Sentence(str):
    """A formatted English sentence that still knows its template, so that it can be said in another language."""

    __slots__ = ("arguments", "template")

    template: str
    arguments: Mapping[str, Any]


def sentence(template: str, /, **arguments: Any) -> Sentence:
    """Return ``template`` with its ``{arguments}`` filled in; the template is what the catalogues translate."""
    made = Sentence(template.format_map(arguments))
    made.template, made.arguments = template, arguments
    return made


def translator(language: str) -> Callable[[str], str]:
    """Return what says a sentence, or a plain English text, in a language; what no catalogue has stays English."""
    find = _catalogues(language).gettext

    def say(text: str) -> str:
        if isinstance(text, Sentence):
            return find(text.template).format_map({name: _said(value) for name, value in text.arguments.items()})
        return find(text) if text else text

    def _said(value: Any) -> Any:
        return say(value) if isinstance(value, Sentence) else value

    return say


@cache
def _catalogues(language: str) -> gettext.NullTranslations:
    chain = gettext.NullTranslations()
    for package in PACKAGES:
        chain.add_fallback(gettext.translation(package, str(_TOP / package / "locale"), [language], fallback=True))
    return chain


def language_of(environ: Mapping[str, str]) -> str:
    """Return the language that a person's locale asks for: 'vi' for Vietnamese, 'en' for every other."""
    said = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "vi" if said.lower().startswith("vi") else "en"
