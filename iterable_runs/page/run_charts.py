"""Charts of one run, out of what it has noted of itself every few seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iterable_runs.page.charts import Caption, Chart, Series, lines
from iterable_runs.presentation import formats
from iterable_runs.queries.answers import Run, Sample

_LEAST_SAMPLES = 2


def charts_of(run: Run, samples: Sequence[Sample]) -> Iterator[Chart]:
    """The charts that the samples suffice for."""
    if len(samples) < _LEAST_SAMPLES:
        return
    places = [(sample.seconds, formats.span(sample.seconds)) for sample in samples]
    yield lines(Caption("rows", "Records over time", _rows_summary(run)), places, list(_rows(run, samples)))
    shares = [sample.totals.limit_share for sample in samples]
    known = [share for share in shares if share is not None]
    if known:
        summary = f"Share of Iterable's rate limit that the run has used: {formats.share(max(known))} at most."
        yield lines(
            Caption("limit", "Share of Iterable's limit over time", f"{summary} The line at 100 % is the limit."),
            places,
            [Series("share of the limit", "read", shares)],
            shown=formats.share,
            shown_short=formats.share,
            limit=1,
        )
    else:
        requests = [float(sample.totals.requests) for sample in samples]
        summary = f"Requests that the run has sent: {formats.number(requests[-1])}."
        yield lines(Caption("requests", "Requests over time", summary), places, [Series("requests", "read", requests)])


def _rows(run: Run, samples: Sequence[Sample]) -> Iterator[Series]:
    names = ("read", "written", "unchanged", "rejected") if run.is_target else ("read",)
    for name in names:
        yield Series(name, name, [getattr(sample.totals, name) for sample in samples])


def _rows_summary(run: Run) -> str:
    said = f"Records that the run has read: {formats.number(run.totals.read)}"
    if run.is_target:
        said += (
            f"; written {formats.number(run.totals.written)}, unchanged {formats.number(run.totals.unchanged)}, "
            f"rejected {formats.number(run.totals.rejected)}"
        )
    return f"{said}, in {formats.span(run.seconds)}."
