import itertools

from hypothesis import given
from hypothesis import strategies as st

from tap_iterable.stream_types.id_batches import HOST_CHARACTERS, id_batches

PATH = "/api/campaigns/metrics"
DATES = {"startDateTime": "1970-01-01", "endDateTime": "2026-11-22"}
IDS = st.lists(st.integers(1, 2**63 - 1) | st.integers(2_000_000, 2_999_999), max_size=400)


def _uri(batch: list[int]) -> str:
    return f"{PATH}?startDateTime=1970-01-01&endDateTime=2026-11-22" + "".join(f"&campaignId={n}" for n in batch)


@given(IDS)
def test_every_id_is_in_one_batch_and_every_batch_fits_into_a_uri(ids: list[int]) -> None:
    batches = list(id_batches(PATH, "campaignId", ids, DATES))
    assert [number for batch in batches for number in batch] == ids
    assert all(0 < len(_uri(batch)) < 2048 - HOST_CHARACTERS for batch in batches)


@given(IDS)
def test_batches_are_as_large_as_they_may_be(ids: list[int]) -> None:
    batches = list(id_batches(PATH, "campaignId", ids, DATES))
    for batch, following in itertools.pairwise(batches):
        assert len(_uri([*batch, following[0]])) >= 2048 - HOST_CHARACTERS


def test_a_hundred_short_ids_cost_fewer_requests_than_long_ones() -> None:
    assert len(list(id_batches(PATH, "campaignId", range(1, 101), DATES))) == 1
    assert len(list(id_batches(PATH, "campaignId", range(10**17, 10**17 + 100), DATES))) == 2
