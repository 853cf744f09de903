from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from iterable_api.memo import Memo

MOST = 6
ARGUMENTS = st.lists(st.lists(st.integers(0, 12), max_size=5), max_size=8)


def _together(numbers: Sequence[int]) -> list[str] | None:
    """Results of even numbers; of others, not together."""
    return None if any(number % 2 for number in numbers) else [*map(str, numbers)]


@given(ARGUMENTS)
def test_a_memo_gives_what_the_function_gives_whatever_it_was_asked_before(asked: list[list[int]]) -> None:
    memo = Memo(str, _together, MOST)
    for numbers in asked:
        assert memo.of_all(numbers) == [*map(str, numbers)]
        assert len(memo) <= MOST


def test_results_that_are_known_are_not_made_again() -> None:
    made: list[int] = []

    def note(number: int) -> int:
        made.append(number)
        return number

    memo = Memo(note, lambda _: None, MOST)
    assert [*memo.of_all([1, 2, 1]), *memo.of_all([2, 1])] == [1, 2, 1, 2, 1]
    assert made == [1, 2]
