"""The sentences of the code and their Vietnamese: `make words` takes them into the catalogues, tests compare them."""

import ast
import enum
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

import collectors.host
from collectors.facts import table_of
from hub.pages.labels import field_label, table_label
from rules.words import PACKAGES

TOP = Path(__file__).resolve().parents[1]
SAYING = {
    **dict.fromkeys(("_", "sentence", "say", "note", "complain", "Refusal", "SettingsError", "NotHere", "Failed"), 0),
    "ended": 1,
    "Setting": 3,
    "Collected": 5,
}
"""The functions that say one of their arguments to people, and which."""

SAYING_ON_A_PC = SAYING | {"ValueError": 0}
"""The same where rules.words is out of reach: f-strings stand for templates there."""

HEADER = """# What baove says, in Vietnamese. `make words` adds new sentences and takes out old ones.
msgid ""
msgstr ""
"Language: vi\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""


@cache
def said(package: str) -> dict[str, str]:
    """Return each sentence that a package says, and the file that says it."""
    found: dict[str, str] = {}
    for text, place in (*_in_code(package), *_in_templates(package), *(_in_facts() if package == "collectors" else ())):
        found.setdefault(text, place)
    return found


@cache
def written(package: str) -> frozenset[str]:
    """Return every text that stands in a package's code: where words are data, one of these may be said."""
    texts = (
        node.value
        for path in _files(package, "*.py")
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Constant)
    )
    in_templates = (
        node.value
        for path in _files(package, "*.html")
        for node in Environment(autoescape=True).parse(path.read_text()).find_all(nodes.Const)
    )
    return frozenset(text for text in (*texts, *in_templates) if isinstance(text, str))


def _files(package: str, pattern: str) -> list[Path]:
    return sorted((TOP / package).rglob(pattern))


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _in_code(package: str) -> Iterator[tuple[str, str]]:
    saying = SAYING_ON_A_PC if package == "collectors" else SAYING
    for path in _files(package, "*.py"):
        nodes_here = list(ast.walk(_parsed(path)))
        others = {node.name for node in nodes_here if isinstance(node, ast.FunctionDef)}  # of its own, by the same name
        for node in nodes_here:
            if not isinstance(node, ast.Call):
                continue
            own = isinstance(node.func, ast.Name) and node.func.id in others - {"ended"}
            place = saying.get(_name(node.func))
            if place is not None and len(node.args) > place and not own:
                for text in _texts(node.args[place]):
                    yield text, str(path.relative_to(TOP))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        yield "".join(_part(one) for one in argument.values)
    elif isinstance(argument, ast.IfExp):
        yield from _texts(argument.body)
        yield from _texts(argument.orelse)


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.FormattedValue):
        return "{" + re.sub(r"\W+", "_", ast.unparse(node.value)).strip("_") + "}"
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _in_templates(package: str) -> Iterator[tuple[str, str]]:
    for path in _files(package, "*.html"):
        for node in Environment(autoescape=True).parse(path.read_text()).find_all((nodes.Call, nodes.Filter)):
            name, first = (node.name, node.node) if isinstance(node, nodes.Filter) else (_called(node), _first(node))
            if name in SAYING and isinstance(first, nodes.Const) and isinstance(first.value, str):
                yield first.value, str(path.relative_to(TOP))


def _first(node: nodes.Node) -> nodes.Node | None:
    return node.args[0] if isinstance(node, nodes.Call) and node.args else None


def _called(node: nodes.Node) -> str:
    function = node.node if isinstance(node, nodes.Call) else node
    return str(getattr(function, "attr", getattr(function, "name", "")))


def _in_facts() -> Iterator[tuple[str, str]]:
    """Yield what the page makes of the fact classes: names of tables and fields, words of enumerations."""
    for name, cls in collectors.host.tables().items():
        place = f"collectors/host/{name}.py"
        yield table_label(name), place
        for field in table_of(cls).fields:
            yield field_label(field), place
            if issubclass(field.type, enum.StrEnum):
                yield from ((word.value, place) for word in field.type)


def path_of(package: str) -> Path:
    """Return where a package's Vietnamese catalogue lies."""
    return TOP / package / "locale" / "vi" / "LC_MESSAGES" / f"{package}.po"


def catalogue(package: str) -> Catalog:
    """Return a package's Vietnamese catalogue, empty where there is none yet."""
    path = path_of(package)
    if not path.exists():
        return Catalog("vi", project="baove")
    with path.open("rb") as file:
        return read_po(file, "vi")


def update(package: str) -> int:
    """Add to a catalogue what it lacks, take out what nobody says; return how many sentences lack their Vietnamese."""
    old, new = catalogue(package), Catalog("vi", project="baove", fuzzy=False)
    kept = {message.id: message.string for message in old if message.id}
    for text, place in sorted(said(package).items(), key=lambda item: (item[1], item[0])):
        new.add(text, kept.pop(text, ""), auto_comments=[place])
    for kept_text, words in kept.items():
        if kept_text in written(package):
            new.add(kept_text, words)
    path_of(package).parent.mkdir(parents=True, exist_ok=True)
    with path_of(package).open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, new, width=120, omit_header=True)
    return sum(1 for message in new if message.id and not message.string)


if __name__ == "__main__":
    for name in PACKAGES:
        print(f"{name}: {update(name)} sentences to translate")  # noqa: T201 - a command
