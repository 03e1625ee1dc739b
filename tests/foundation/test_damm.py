import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from madoguchi.foundation.damm import check_digit, is_valid

digits = st.text(alphabet="0123456789", min_size=1, max_size=18)


def test_the_published_example_holds() -> None:
    assert check_digit("572") == "4"
    assert is_valid("5724")


@given(digits)
def test_a_number_with_its_check_digit_is_valid(number: str) -> None:
    assert is_valid(number + check_digit(number))


@given(digits, st.data())
def test_one_misheard_digit_is_caught(number: str, data: st.DataObject) -> None:
    whole = number + check_digit(number)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[place]]))
    assert not is_valid(whole[:place] + other + whole[place + 1 :])


@given(digits, st.data())
def test_two_neighbours_exchanged_are_caught(number: str, data: st.DataObject) -> None:
    whole = number + check_digit(number)
    place = data.draw(st.integers(0, len(whole) - 2))
    assume(whole[place] != whole[place + 1])
    assert not is_valid(whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :])


@pytest.mark.parametrize("text", ["", "0", "7"])
def test_too_short_for_a_check_digit_is_not_valid(text: str) -> None:
    assert not is_valid(text)
