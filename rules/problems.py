"""What is wrong in a file that a person wrote, and YAML that remembers its lines."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules.words import sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where, in which field, and what was expected there."""

    file: str
    line: int | None
    field: str | None
    expected: str

    def __str__(self) -> str:
        return self.said(str)

    def said(self, say: Callable[[str], str]) -> str:
        """Return the sentence in the language of ``say``, a ``rules.words.translator``."""
        place = self.file if self.line is None else say(sentence("{file} line {line}", file=self.file, line=self.line))
        return f"{place}, {self.field}: {say(self.expected)}" if self.field else f"{place}: {say(self.expected)}"


class Refused(Exception):  # noqa: N818 - what happened to the file
    """A file or folder that is not taken, with every problem found in it. Nothing of it was applied."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Located(dict[str, Any]):
    """A YAML mapping that knows its file, its line and the lines of its keys."""

    file: str = ""
    line: int = 0
    lines: dict[str, int]

    def problem(self, field: str | None, expected: str) -> Problem:
        """Return a problem at the line of a key; without the key, at the mapping's own."""
        return Problem(self.file, self.lines.get(field or "", self.line), field, expected)


def read_text(path: Path) -> str:
    """Return a UTF-8 file (a byte order mark is dropped). Raises Refused."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Refused([Problem(str(path), None, None, sentence("expected a file here, found none"))]) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        utf8 = sentence("expected UTF-8 text: save the file as UTF-8")
        raise Refused([Problem(path.name, line, None, utf8)]) from error
    except OSError as error:
        why = sentence("could not be read: {error}", error=error.strerror)
        raise Refused([Problem(str(path), None, None, why)]) from error


def read_yaml(path: Path, called: str | None = None) -> Located:
    """Return a YAML file whose top is a mapping; doubled keys are refused. Raises Refused.

    ``called`` is how problems name the file, where its own name does not say enough.
    """
    import yaml

    file = called or path.name

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C loader where built
        pass

    def mapping(loader: Any, node: Any) -> Located:
        found = Located(loader.construct_mapping(node, deep=True))
        found.file, found.line = file, node.start_mark.line + 1
        found.lines = {}
        for key, _ in node.value:
            name = str(loader.construct_object(key))
            if name in found.lines:
                raise Refused([Problem(file, key.start_mark.line + 1, name, sentence("expected each key once"))])
            found.lines[name] = key.start_mark.line + 1
        return found

    def timestamp(loader: Any, node: Any) -> Any:
        try:
            return loader.construct_yaml_timestamp(node)
        except ValueError as error:
            expected = sentence("expected a date, found '{found}'", found=node.value)
            raise Refused([Problem(file, node.start_mark.line + 1, None, expected)]) from error

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", timestamp)
    try:
        content = yaml.load(read_text(path), Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise Refused([Problem(file, line, None, sentence("expected YAML: {error}", error=error.problem))]) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # brackets within brackets without end
        raise Refused([Problem(file, None, None, sentence("expected YAML: {error}", error=error))]) from error
    if not isinstance(content, Located):
        raise Refused([Problem(file, 1, None, sentence("expected 'key: value' lines at the top"))])
    return content
