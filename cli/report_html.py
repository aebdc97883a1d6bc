"""The report as one HTML file: no script, nothing fetched, everything escaped, fit to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cli.report import Section
from cli.text import clean

STYLE = """\
:root { color-scheme: light; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.result { padding: .7rem 1rem; border-left: .4rem solid #2c7a3f; background: #eef6f0; }
.result.broken { border-color: #b3261e; background: #fcebea; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem;
  border-bottom: 1px solid #ddd; overflow-wrap: break-word; }
th { border-bottom: 2px solid #888; white-space: nowrap; }
td:last-child { overflow-wrap: anywhere; min-width: 4rem; } tr.loud td { background: #fff4d6; }
tr { break-inside: avoid; } thead { display: table-header-group; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
@page { size: A4 landscape; margin: 1.2cm; }"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Cover:
    """What stands above the tables."""

    title: str
    lines: Sequence[str]
    result: Sequence[str]
    """What verification came to."""
    is_sound: bool


def html(cover: Cover, parts: Sequence[Section]) -> Iterator[str]:
    """Yield the lines of the file."""
    title = _text(cover.title)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield f"<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>"
    yield f"<h1>{title}</h1>"
    yield from (f"<p>{_text(line)}</p>" for line in cover.lines)
    yield f'<div class="result{"" if cover.is_sound else " broken"}">'
    yield from (f"<p>{_text(line)}</p>" for line in cover.result)
    yield "</div>"
    for part in parts:
        yield from _table(part)
    yield "</body>\n</html>"


def _table(part: Section) -> Iterator[str]:
    yield f"<h2>{_text(part.title)} ({len(part.rows)})</h2>"
    if not part.rows:
        yield "<p>None.</p>"
        return
    heads = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in part.head)
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>"
    for number, row in enumerate(part.rows):
        loud = ' class="loud"' if number in part.loud else ""
        yield f"<tr{loud}>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody>\n</table>"


def _text(text: str) -> str:
    """Make data harmless: no markup, and nothing that turns the reading order."""
    return escape(clean(text), quote=True)
