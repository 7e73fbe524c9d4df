"""What users read: English sentences in the code, their Vietnamese in gettext catalogues beside each package.

Standard library only. A catalogue is ``<package>/locale/vi/LC_MESSAGES/<package>.po``; the build compiles it.
"""

import gettext
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
PACKAGES = ("collectors", "rules", "agent", "hub", "cli")
TELLING = 8
"""So many letters beside its ``{names}`` tell a template from any other text."""

_NAME = re.compile(r"\{(\w+)\}")
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
    """
    Return what says a sentence, or a plain English text, in a language; what no catalogue has stays English.

    A plain text may be a template that was filled in where there are no sentences: in collectors, or on another PC.
    """
    find = _catalogues(language).gettext

    def say(text: str) -> str:
        if isinstance(text, Sentence):
            return find(text.template).format_map({name: _said(value) for name, value in text.arguments.items()})
        said = find(text) if text else text
        return _refilled(language, text) if said is text else said

    def _said(value: Any) -> Any:
        return say(value) if isinstance(value, Sentence) else value

    return say


@lru_cache(4096)
def _refilled(language: str, text: str) -> str:
    for filled, template in _filled(language):
        if found := filled.fullmatch(text):
            return template.format_map(found.groupdict())
    return text


@cache
def _filled(language: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """Return what the templates of what runs on a PC look like when filled in, and each in another language."""
    found = []
    for package in ("collectors", "agent"):
        catalogue = gettext.translation(package, str(_TOP / package / "locale"), [language], fallback=True)
        for english, said in vars(catalogue).get("_catalog", {}).items():
            pieces = _NAME.split(english)
            if len(pieces) > 1 and len("".join(pieces[::2])) >= TELLING:
                pieces[::2] = map(re.escape, pieces[::2])
                seen: set[str] = set()
                for place in range(1, len(pieces), 2):
                    name = pieces[place]
                    pieces[place] = f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
                    seen.add(name)
                found.append((re.compile("".join(pieces), re.DOTALL), said))
    return found


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
