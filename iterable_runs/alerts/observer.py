"""Alerts as an observer of a run: it looks at the end of the run, and sends one message at most."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Thread
from typing import Final

from iterable_runs.alerts import sending
from iterable_runs.alerts.conditions import FAILURE, Wanted, killed
from iterable_runs.alerts.ending import Ending
from iterable_runs.alerts.memory import AlertMemory
from iterable_runs.alerts.message import Message, message_about, message_about_killed
from iterable_runs.alerts.storms import decide
from iterable_runs.presentation.statuses import SILENCE
from iterable_runs.store.databases import HistoryNotWrittenError
from iterable_runs.store.facts import RunEnd, RunStart, StreamFacts
from iterable_runs.store.statuses import RUNNING
from iterable_runs.store.writer import HistoryWriter, News

_SILENCE: Final = SILENCE // timedelta(microseconds=1)

_logger: Final = logging.getLogger(__name__)


class AlertObserver:
    """Sends one message at most about the run, and one about the run before if that was killed. Dry runs send none.

    Args:
        urls: where to, as Apprise has them.
        wanted: the conditions.
        place: the run history; None if there is none.
        send: sends a message to URLs, and says what came of each; see `sending.send`.
    """

    def __init__(
        self,
        urls: Sequence[str],
        wanted: Sequence[Wanted],
        place: str | None,
        send: Callable[[Sequence[str], Message], list[str]] = sending.send,
    ) -> None:
        self._urls = urls
        self._wanted = wanted
        self._names = [one.name for one in wanted]
        self._place = place
        self._send = send
        self._lags: dict[str, float] = {}
        self._newest_at: int | None = None
        self._threads: list[Thread] = []

    def on_start(self, run: RunStart) -> None:
        """Tell of the run before if it was killed. A run that is killed each time would never be told of otherwise."""
        self._run = run
        if self._place is not None and FAILURE in self._names and not run.dry_run:
            self._begin(partial(self._tell_of_killed, self._place, run))

    def on_snapshot(self, news: News) -> None:
        """Look how new the rows are. A lag is that of the moment in which it was noted: it counts when it is new."""
        for stream in news.streams:
            lag = stream.totals.lag_seconds
            if lag is not None and lag != self._lags.get(stream.name):
                self._lags[stream.name] = lag
                self._newest_at = max(self._newest_at or 0, news.at - round(lag * 1_000_000))

    def on_end(self, news: News) -> None:
        """Decide whether there is something to tell, and send it."""
        self.on_snapshot(news)
        if news.end is not None and not self._run.dry_run:
            self._begin(partial(self._tell_of_end, news.end, news.streams, [*self._threads]))

    def wait(self) -> None:
        """Return when all is decided and sent."""
        for thread in self._threads:
            thread.join()

    def _begin(self, target: Callable[[], None]) -> None:
        """Do it in a thread: other observers need not wait for it. The process does, when the run is over."""
        thread = Thread(target=target, name="alerts", daemon=False)
        self._threads.append(thread)
        thread.start()

    def _tell_of_killed(self, place: str, run: RunStart) -> None:
        heard_of_at = _killed_at(place, run)
        if heard_of_at is None:
            return
        finding = killed(heard_of_at)
        with AlertMemory(place, run) as memory:
            decision = decide([finding], memory.told, self._names, run.started_at, succeeded=False)
            is_sent = decision.sends and self._is_sent(message_about_killed(run, finding, place))
            memory.write(decision.after_sending if is_sent else decision.after)

    def _tell_of_end(self, end: RunEnd, streams: Sequence[StreamFacts], before: Sequence[Thread]) -> None:
        for thread in before:
            thread.join()
        with AlertMemory(self._place, self._run) as memory:
            newest_at = max(filter(None, (self._newest_at, memory.newest_row_at)), default=None)
            ending = Ending(self._run, end, streams, newest_at)
            findings = [finding for wanted in self._wanted for finding in wanted.find(ending)]
            decision = decide(findings, memory.told, self._names, end.at, succeeded=ending.has_succeeded)
            is_sent = decision.sends and self._is_sent(message_about(ending, findings, self._place))
            memory.write(decision.after_sending if is_sent else decision.after, newest_at)

    def _is_sent(self, message: Message) -> bool:
        """Send a message. Each URL that does not take it costs a warning, which names it by its number."""
        results = self._send(self._urls, message)
        for index, result in enumerate(results):
            if result != sending.SENT:
                _logger.warning("An alert could not be sent to `alerts[%d]`: %s.", index, result)
        return sending.SENT in results


def _killed_at(place: str, run: RunStart) -> int | None:
    """When the run before was last heard of, if it has fallen silent without an end."""
    try:
        writer = HistoryWriter(place, run)
        try:
            last = writer.last_run()
        finally:
            writer.close()
    except HistoryNotWrittenError:
        return None
    if last is None:
        return None
    status, heard_of_at = last
    return heard_of_at if status == RUNNING and run.started_at - heard_of_at > _SILENCE else None
