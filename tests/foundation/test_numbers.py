from madoguchi.foundation.numbers import row_number, row_numbers


def test_what_can_be_no_row_is_none() -> None:
    assert row_numbers(["7", "", "x", "-1", "１", "²", "9" * 30, "0042"]) == [7, 42]
    assert row_number("9" * 18) == 10**18 - 1
