"""Searching and ordering Vietnamese."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.vietnamese import fold, sort_key


@pytest.mark.parametrize(
    ("written", "typed"),
    [("Máy tính", "may tinh"), ("Phòng Hiệu trưởng", "hieu truong"), ("ĐÀO ĐỨC", "dao duc"), ("Ở đây", "o day")],
)
def test_what_is_typed_without_accents_is_found(written: str, typed: str) -> None:
    """A search without accents finds what was written with them, composed or not."""
    assert typed in fold(written)
    assert typed in fold(unicodedata.normalize("NFD", written))


def test_letters_stand_in_the_order_of_the_vietnamese_alphabet() -> None:
    """The letters ă and â come after every a, đ after d, ê after e, ô and ơ after o, ư after u."""
    words = ["an", "ăn", "ân", "da", "đa", "em", "êm", "on", "ôn", "ơn", "un", "ưng", "va"]

    assert words == sorted(set(words), key=sort_key)


def test_tones_decide_only_between_words_that_are_otherwise_the_same() -> None:
    """The order of tones is none, grave, hook, tilde, acute, dot, after every letter was compared."""
    words = ["ma", "mà", "mả", "mã", "má", "mạ", "mác", "mang"]

    assert words == sorted(set(words), key=sort_key)


def test_numbers_in_names_count_as_numbers() -> None:
    """The tenth PC of a lab comes after its second, however many zeros are written."""
    names = ["PM1-2", "PM1-009", "PM1-10", "PM2-1"]

    assert names == sorted(set(names), key=sort_key)


@given(st.lists(st.text()), st.randoms())
def test_any_text_has_a_place(texts: list[str], chance: random.Random) -> None:
    """Whatever a PC calls itself can be put in order, and the order doesn't depend on how it came."""
    shuffled = [*texts]
    chance.shuffle(shuffled)

    assert sorted(texts, key=sort_key) == sorted(shuffled, key=sort_key)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded stays as it is, so that both sides of a search are alike."""
    assert fold(fold(text)) == fold(text)
