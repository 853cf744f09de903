"""Sending one batch and reading its verdicts."""

from __future__ import annotations

from singer_sdk import metrics

from iterable_api.client import IterableClient
from iterable_api.errors import FieldTypeError, IterableError
from target_iterable.delivery.operations import Batch, Verdicts
from target_iterable.delivery.verdicts import UnexplainedAnswerError


class DeliveryFailedError(Exception):
    """A batch of which nobody can say that Iterable has it. The run ends; the next one sends it again."""


class Sender:
    """Sends the batches of one stream, and counts requests as Singer metrics."""

    def __init__(self, client: IterableClient, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._counters: dict[str, metrics.Counter] = {}

    def send(self, batch: Batch) -> Verdicts:
        """The verdicts on all rows of `batch`.

        Raises:
            DeliveryFailedError: if the request failed as a whole, or its answer does not add up.
        """
        path, params = batch.endpoint.path, dict(batch.envelope.path_params)
        self._count(path)
        try:
            response = self._client.request("POST", path, path_params=params, data=batch.body())
            return batch.endpoint.judge(batch.rows, response.content)
        except IterableError as error:
            raise DeliveryFailedError(f"{error}{_clashes(error)}") from error
        except UnexplainedAnswerError as error:
            raise DeliveryFailedError(f"POST {path}: {error}.") from error

    def close(self) -> None:
        """Write the last metrics."""
        for counter in self._counters.values():
            counter.exit()

    def _count(self, path: str) -> None:
        if path not in self._counters:
            self._counters[path] = metrics.http_request_counter(self._stream, path)
        self._counters[path].increment()


def _clashes(error: IterableError) -> str:
    """Which fields hold what Iterable keeps as another type: what the person at the terminal must mend."""
    if not isinstance(error, FieldTypeError):
        return ""
    return "".join(f" The field {clash.field!r} is kept as {clash.expected_type}." for clash in error.clashes)
