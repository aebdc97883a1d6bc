"""What is shown: tables and words for people, JSON for scripts.

Rich reads no markup here: what is shown comes from files, people and the ledger, and is data.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.text import clean, flat

WIDE = 10_000
"""Columns of a pipe: a line there is never folded, so that `grep` finds whole rows."""


def console() -> Console:
    """Return the standard output as Rich sees it now."""
    width = None if is_terminal() or "COLUMNS" in os.environ else WIDE
    return Console(markup=False, emoji=False, highlight=False, width=width)


def is_terminal() -> bool:
    """Tell whether a person looks at standard output."""
    return sys.stdout.isatty()


def is_asked() -> bool:
    """Tell whether a person can answer on standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def table(head: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """Return a table; its cells are data."""
    made = Table(box=box.SIMPLE_HEAD if is_terminal() else None, pad_edge=False)
    for title in head:
        made.add_column(title, overflow="fold")  # evidence is read to its end
    for row in rows:
        made.add_row(*(Text(clean(cell)) if isinstance(cell, str) else cell for cell in row))
    return made


def show(shown: Table) -> None:
    """Print a table; without a terminal no row is folded or padded at its end."""
    screen = console()
    if is_terminal():
        screen.print(shown)
        return
    with screen.capture() as captured:
        screen.print(shown)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def say(text: str) -> None:
    """Print words that may hold data."""
    print(clean(text))


def say_markdown(text: str) -> None:
    """Print Markdown: set on a terminal, as it is otherwise."""
    if not is_terminal():
        print(clean(text))
        return
    from rich.markdown import Markdown

    console().print(Markdown(clean(text), hyperlinks=False))


def say_json(data: object) -> None:
    """Print JSON, in ASCII, so that it can steer no terminal either."""
    print(json.dumps(data, indent=2))


def listed(words: Iterable[str]) -> str:
    """Join words on one line."""
    return ", ".join(flat(word) for word in words)
