"""Groups of letters and digits put together over what stands between them."""

import re
from itertools import product

from govern.screening.personal_data.groups import BETWEEN, Groups


def groups(text: str) -> Groups:
    parts = re.split(r"([^\W_]+)", text)
    return Groups(parts[1::2], parts[::2])


def test_groups_make_the_number_that_ends_with_one_of_them() -> None:
    assert groups("iban FR76 3000-6000, merci").joined(1, 12) == ("FR7630006000", 3)


def test_nothing_ends_within_a_group_or_behind_the_text() -> None:
    assert [groups("FR76 3000 6000").joined(0, length) for length in (3, 7, 13)] == [None, None, None]


def test_a_comma_or_a_sentence_ends_a_number() -> None:
    assert groups("1234, 5678").joined(0, 8) is None
    assert groups("1234 - 5678").joined(0, 8) == ("12345678", 1)
    assert groups("1234 -- 5678").joined(0, 8) is None


def test_up_to_three_signs_or_one_line_end_stand_between_groups() -> None:
    shape = re.compile(r"[ ./_:|-]{1,3}|\n")
    gaps = {"".join(signs) for count in range(1, 5) for signs in product(" -.,\n", repeat=count)}
    assert {gap for gap in gaps if shape.fullmatch(gap)} == BETWEEN & gaps
