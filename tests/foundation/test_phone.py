import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.foundation.phone import display, normalise


@pytest.mark.parametrize(
    "written",
    [
        "0312345678",
        "03-1234-5678",
        "03 1234 5678",
        "(03)1234-5678",
        "03(1234)5678",
        "０３－１２３４－５６７８",
        "０３ー１２３４ー５６７８",
        "03−1234−5678",
        "03‐1234‐5678",
        "03―1234―5678",
        "+81312345678",
        "+81 3-1234-5678",
        "+81 (0)3-1234-5678",
        "+81 03 1234 5678",
        "+81(0)312345678",
        "＋８１ ３ １２３４ ５６７８",
        "010 81 3 1234 5678",
        " 03-1234-5678\n",
        "tel:03-1234-5678",
    ],
)
def test_every_writing_of_a_number_is_the_same_number(written: str) -> None:
    assert normalise(written) == "+81312345678"


@pytest.mark.parametrize(
    ("written", "stored", "shown"),
    [
        ("090-1111-2222", "+819011112222", "090-1111-2222"),
        ("08011112222", "+818011112222", "080-1111-2222"),
        ("050-5000-1234", "+815050001234", "050-5000-1234"),
        ("0120-123-456", "+81120123456", "0120-123-456"),
        ("０１２０（１２３）４５６", "+81120123456", "0120-123-456"),
        ("0570-012-345", "+81570012345", "0570-012-345"),
        ("06-6012-3456", "+81660123456", "06-6012-3456"),
        ("0466-12-3456", "+81466123456", "0466-12-3456"),
        ("+1 202 555 0123", "+12025550123", "+1 202-555-0123"),
    ],
)
def test_a_number_is_stored_as_e164_and_shown_as_readers_expect(written: str, stored: str, shown: str) -> None:
    assert normalise(written) == stored
    assert display(stored) == shown


@pytest.mark.parametrize(
    ("written", "stored"), [("1001", "1001"), ("１００１", "1001"), ("110", "110"), ("内線 1001", "1001")]
)
def test_an_extension_stays_as_it_is(written: str, stored: str) -> None:
    assert normalise(written) == stored
    assert display(stored) == stored


@pytest.mark.parametrize(
    "written", ["", " ", "-", "不明", "anonymous", "unknown", "非通知", "+", "()", "sip:alice@example.jp", "A1"]
)
def test_text_without_a_number_is_empty(written: str) -> None:
    assert normalise(written) == ""


@pytest.mark.parametrize(
    "written", ["١٢٣٤", "+8101", "+81 0 12", "+8100000", "0" * 300, "+" * 50 + "0312345678", "03-1234-5678 x12"]
)
def test_odd_writings_stop_nothing(written: str) -> None:
    number = normalise(written)
    assert number == "" or (number.isascii() and number.removeprefix("+").isdigit())


@given(st.text(max_size=60) | st.text(alphabet="+0181 ()-x", max_size=16))
def test_no_text_stops_it_and_what_it_gives_is_only_digits(written: str) -> None:
    number = normalise(written)
    assert number == "" or number.lstrip("+").isascii()
    assert number == "" or number.removeprefix("+").isdigit()


@given(st.text(max_size=40))
def test_showing_never_fails(number: str) -> None:
    assert isinstance(display(number), str)


@given(st.from_regex(r"0(3[3-6][0-9]{7}|[789]0[1-9][0-9]{7}|120[1-9][0-9]{5})", fullmatch=True))
def test_what_is_shown_can_be_typed_again(number: str) -> None:
    stored = normalise(number)
    assert stored == "+81" + number[1:]
    assert normalise(display(stored)) == stored
    assert normalise(stored) == stored
