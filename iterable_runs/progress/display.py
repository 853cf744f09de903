"""The live display as text: a headline, and a table of the streams that move."""

from __future__ import annotations

from io import StringIO
from typing import Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from iterable_runs.presentation import formats
from iterable_runs.presentation.escaping import printable
from iterable_runs.presentation.totals import Column, columns_of
from iterable_runs.progress.tracking import RunProgress, StreamProgress

_COUNTS: Final = ("read", "written", "unchanged", "rejected", "malformed")
_ALWAYS: Final = ("read", "written")
_MOST_STREAMS: Final = 8
_OTHER_LINES: Final = 4
"""The blank line, the headline, the heading and the line about other streams."""


def rendered(plugin: str, progress: RunProgress, width: int, height: int) -> str:
    """The display, as lines that fit a terminal of this size. Colours are those that it can show; see NO_COLOR."""
    output = StringIO()
    # The last column stays empty: some terminals begin a new line when it is written to.
    console = Console(file=output, force_terminal=True, width=max(width - 1, 20), height=height, highlight=False)
    shown = _shown(progress, max(height - 1 - _OTHER_LINES, 0))
    parts: list[Text | Table] = [_headline(plugin, progress)]
    if shown:
        parts.append(_table(plugin, shown))
    if rest := _rest(progress, len(shown)):
        parts.append(Text(rest, style="dim", no_wrap=True, overflow="ellipsis"))
    console.print(Group(*parts))
    return output.getvalue()


def _headline(plugin: str, progress: RunProgress) -> Text:
    totals = progress.totals
    parts = [
        formats.span(int(progress.seconds)) if progress.seconds >= 1 else "0 s",
        f"{formats.number(totals.read)} read",
        f"{formats.number(round(progress.rate))} a second",
    ]
    if totals.limit_share is not None:
        parts.append(f"{formats.share(totals.limit_share)} of the limit")
    headline = Text(no_wrap=True, overflow="ellipsis")
    headline.append(plugin, style="bold")
    headline.append(f"  {' · '.join(parts)}")
    return headline


def _shown(progress: RunProgress, most: int) -> list[StreamProgress]:
    """The streams to show: those that move, and if none does the last ones."""
    streams = [*progress.active] or [*progress.begun]
    count = min(most, _MOST_STREAMS)
    return streams[-count:] if count else []


def _rest(progress: RunProgress, shown: int) -> str:
    parts = []
    if done := len(progress.begun) - shown:
        parts.append(f"{done:,} more begun or done")
    if progress.waiting:
        parts.append(f"{progress.waiting:,} waiting")
    return ", ".join(parts)


def _table(plugin: str, streams: list[StreamProgress]) -> Table:
    columns = [
        column
        for column in columns_of(plugin)
        if column.name in _COUNTS and (column.name in _ALWAYS or any(column.value(it.totals) for it in streams))
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Stream", no_wrap=True, overflow="ellipsis", min_width=12)
    for heading in (*(column.title for column in columns), "A second", "Limit", "Left"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stream in streams:
        table.add_row(Text(printable(stream.name)), *(_cell(column, stream) for column in columns), *_pace(stream))
    return table


def _cell(column: Column, stream: StreamProgress) -> Text:
    is_bad = column.is_bad and bool(column.value(stream.totals))
    return Text(column.text(stream.totals), style="red" if is_bad else "")


def _pace(stream: StreamProgress) -> tuple[str, str, str]:
    return (
        formats.number(round(stream.rate)),
        formats.share(stream.totals.limit_share),
        formats.span(stream.seconds_left or None),
    )
