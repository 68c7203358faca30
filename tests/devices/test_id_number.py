import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import id_number
from devices.contracts import persons
from tests.golden import vectors
from tests.strategies import id_numbers

VECTORS = vectors("idnumber.json")


@pytest.mark.parametrize(
    "vector_id, wrong",
    [
        ("ok_x", None),
        ("ok_4", None),
        ("hk_810000", None),
        ("lower_x", None),
        ("bad_check", "check-character"),
        ("bad_date", "birth-date"),
    ],
)
def test_the_published_numbers_are_judged_as_published(vector_id, wrong):
    assert persons.problem(VECTORS[vector_id]["idno"]) == wrong


@pytest.mark.parametrize("vector_id", ["15_to_18", "15_to_18_b"])
def test_a_number_of_before_1999_gets_its_18_characters(vector_id):
    vector = VECTORS[vector_id]

    assert id_number.from_15(vector["idno15"]) == vector["idno18"]


def test_a_lower_case_x_is_stored_as_upper_case():
    assert persons.normalized("11010519491231002x") == "11010519491231002X"


@settings(max_examples=60)
@given(id_numbers(), st.data())
def test_one_wrong_digit_is_always_noticed(number, data):
    place = data.draw(st.integers(0, 16))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))

    assert persons.problem(number[:place] + other + number[place + 1 :]) == "check-character"


@settings(max_examples=60)
@given(id_numbers(), st.integers(0, 16))
def test_two_neighbours_swapped_are_always_noticed(number, place):
    swapped = list(number)
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    changed = "".join(swapped)

    assert changed == number or persons.problem(changed) is not None


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("", "length"),
        ("1" * 17, "length"),
        ("1" * 19, "length"),
        ("X" * 18, "characters"),
        ("１" * 18, "characters"),
        ("99000019900101001a", "characters"),
        ("99000019900101²017", "characters"),
    ],
)
def test_what_is_no_number_at_all_is_named(text, wrong):
    assert persons.problem(text) == wrong


def test_a_foreigners_new_number_leads_to_the_old_one():
    vector = vectors("idcard_text.json")["y_old_number"]["decoded"]
    new = vector["new"]

    assert id_number.old_permit_number(new["nationality"], new["idno"], new["link"]) == vector["old_number"]


def test_masked_forms_name_nobody():
    assert persons.masked_number("990000199001011234") == "990000********1234"
    assert persons.masked_number("USA990090010114") == "USA990*****0114"
    assert persons.masked_number("12345") == "123**"
    assert persons.masked_name("张三丰") == "张*"
    assert persons.masked_name("") == ""
