import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.facts.identity import (
    PLACEHOLDER_DOMAIN,
    ProjectType,
    are_valid_user_ids,
    is_valid_email,
    is_valid_user_id,
    normalise_email,
    valid_emails,
)
from iterable_api.facts.limits import MAX_USER_ID_LENGTH

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
NOT_BLANK = PRINTABLE.replace(" ", "")


@given(st.emails())
def test_every_ordinary_address_is_taken(email: str) -> None:
    assert is_valid_email(normalise_email(email))


@pytest.mark.parametrize(
    "email",
    [
        "ana@example.com",
        "ana.novak+spring@mail.example.co.uk",
        "o'brien@example.com",
        "a/b@example.com",
        "7@example.com",
        "ana@xn--bcher-kva.example",
        "ana@example.xn--p1ai",
        f"0f4b1c9e@{PLACEHOLDER_DOMAIN}",
    ],
)
def test_an_address_is_taken(email: str) -> None:
    assert is_valid_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "000",
        "sayan",
        "@example.com",
        "ana@",
        "ana@example",
        "ana@.com",
        "ana@example.",
        "ana@example..com",
        "ana@-example.com",
        "ana@example-.com",
        "ana@example.c",
        "ana@example.123",
        "ana@192.0.2.1",
        ".ana@example.com",
        "ana.@example.com",
        "a..b@example.com",
        "ana novak@example.com",
        "ana@exam ple.com",
        "ana@example.com ",
        "ana@example.com\n",
        "ana@@example.com",
        "ana@example.com,bo@example.com",
        "<ana@example.com>",
        "jürgen@example.com",
        "Ana@example.com",
    ],
)
def test_what_is_no_normalised_address_is_refused(email: str) -> None:
    assert not is_valid_email(email)


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise_email(normalise_email(text)) == normalise_email(text)


@given(st.emails(), st.sampled_from(["", " ", "\t", "\n ", "\u00a0"]))
def test_case_and_blanks_around_an_address_do_not_matter(email: str, blank: str) -> None:
    assert normalise_email(f"{blank}{email.upper()}{blank}") == normalise_email(email)


@pytest.mark.parametrize(
    "hostile", ["a" * 50_000, "a." * 25_000, "a@" + "a" * 50_000, "a@" + "a-" * 25_000, "a@" + "a." * 25_000]
)
def test_a_long_hostile_text_is_refused_without_getting_stuck(hostile: str) -> None:
    assert not is_valid_email(hostile)


@given(st.text(PRINTABLE, max_size=MAX_USER_ID_LENGTH - 1), st.sampled_from(NOT_BLANK))
def test_printable_ascii_with_no_blank_at_its_end_is_a_user_id(start: str, end: str) -> None:
    assert is_valid_user_id(start + end)


@given(st.text())
def test_a_user_id_is_exactly_what_the_documented_rules_say(text: str) -> None:
    fits = 1 <= len(text) <= 52 and set(text) <= set(PRINTABLE) and not text.endswith(" ")
    assert is_valid_user_id(text) is fits


@pytest.mark.parametrize("text", ["", " ", "a ", "a\n", "\n", "a\tb", "jürgen", "a\x7f", "٣", "x" * 53])
def test_what_breaks_a_rule_is_no_user_id(text: str) -> None:
    assert not is_valid_user_id(text)


@given(st.lists(st.text(PRINTABLE, max_size=MAX_USER_ID_LENGTH + 1) | st.sampled_from(["a ", "a\n", "a\nb", "é"])))
def test_many_user_ids_are_valid_together_where_each_is_by_itself(texts: list[str]) -> None:
    assert are_valid_user_ids(texts) is (bool(texts) and all(map(is_valid_user_id, texts)))


def test_a_user_id_keeps_its_case_and_may_hold_anything_printable() -> None:
    assert is_valid_user_id(string.punctuation)
    assert is_valid_user_id(" Ana / ..")


def test_project_types_are_spelt_as_iterable_spells_their_fields() -> None:
    assert [kind.value for kind in ProjectType] == ["email", "userId", "hybrid"]


some_texts = st.sampled_from(
    ["ana@example.com", "Ana@Example.COM", "a@b.com\nc@d.com", " a@b.com", "a@b.com\n", "\na@b.com", "", "x", "İ@b.com"]
)


@given(st.lists(some_texts | st.emails(), min_size=1))
def test_many_addresses_are_valid_together_where_each_is_by_itself(texts: list[str]) -> None:
    emails = [normalise_email(text) for text in texts]
    need_nothing = all(text.strip() == text for text in texts)
    expected = emails if need_nothing and all(map(is_valid_email, emails)) else None
    assert valid_emails(texts) == expected
