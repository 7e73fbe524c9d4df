"""What every command has: the language, how much to tell, and where results and all else go."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

DONE, FALLS_SHORT, REFUSED = 0, 1, 2
"""Exit codes: all well; something falls short; could not run, or refused."""

WATCHED_AFTER_SECONDS = 2.0
"""A progress bar shows only when a person watches and it takes longer than this."""

Say = Callable[[str], str]


class Refusal(Exception):  # noqa: N818 - what happened
    """A command that could not be done: one sentence."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the program. ``say`` gives a sentence in the language of the person who asked."""

    language: str
    say: Say
    environ: Mapping[str, str]
    loudness: int = 0
    """-1 with -q, 1 with -v."""

    def note(self, text: str) -> None:
        """Tell something beside the result, unless -q."""
        if self.loudness >= 0:
            print(self.say(text), file=sys.stderr, flush=True)  # noqa: T201 - a command

    def detail(self, text: str) -> None:
        """Tell what only -v asks for."""
        if self.loudness > 0:
            print(self.say(text), file=sys.stderr, flush=True)  # noqa: T201 - a command

    def complain(self, text: str) -> None:
        """Tell why it is refused; -q does not silence that."""
        print(f"baove: {' '.join(self.say(text).split())}", file=sys.stderr, flush=True)  # noqa: T201 - a command

    def result(self, text: str) -> None:
        """Print a result."""
        print(text, flush=True)  # noqa: T201 - a command

    def json(self, document: Any) -> None:
        """Print a result as one JSON document."""
        self.result(json.dumps(document, ensure_ascii=False, indent=1))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table: fitted to the terminal where a person watches; else each row is one line, whole."""
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        if sys.stdout.isatty():
            self._fitted(columns, cells)
            return
        from rich.cells import cell_len

        lines = [list(columns), *(["".join(cell.splitlines()) for cell in row] for row in cells)]
        widths = [max(cell_len(line[place]) for line in lines) for place in range(len(columns))]
        for line in lines:
            padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
            self.result("  ".join(padded).rstrip())

    def _fitted(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in columns:
            made.add_column(column, overflow="fold")
        for row in rows:
            made.add_row(*map(Text, row))
        Console().print(made)

    @contextmanager
    def progress(self, about: str) -> Iterator[Callable[[int, int | None], None]]:
        """Give a function that is told how many are done, and of how many."""
        if self.loudness < 0 or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        task = bar.add_task(self.say(about), total=None)

        def told(done: int, total: int | None) -> None:
            if not bar.live.is_started and (bar.tasks[0].elapsed or 0) > WATCHED_AFTER_SECONDS:
                bar.start()
            bar.update(task, completed=done, total=total)

        try:
            yield told
        finally:
            if bar.live.is_started:
                bar.stop()
