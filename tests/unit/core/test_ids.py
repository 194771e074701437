"""Identifiers sort by age, also within one second, and cannot be guessed."""

import time

from chalicelib.core import ids


def test_ulids_of_one_second_sort_by_age() -> None:
    for now in (1_800_000_000, int(time.time()), 4_000_000_000):
        made = [ids.ulid(now) for _ in range(2_000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)
        assert max(made) < ids.ulid(now + 1)


def test_an_earlier_clock_makes_earlier_ulids() -> None:
    assert ids.ulid(2_000_000_000) > ids.ulid(1_000_000_000)


def test_the_time_is_in_front() -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for character in ids.ulid(1_800_000_000)[:10]:
        milliseconds = milliseconds * 32 + alphabet.index(character)
    assert milliseconds // 1000 == 1_800_000_000


def test_codes_do_not_repeat_and_survive_capitals() -> None:
    codes = {ids.code() for _ in range(1_000)}
    assert len(codes) == 1_000
    assert all(len(code) == 26 and not set(code) & set("ilou") for code in codes)
    assert ids.invitation_id(" ABC ") == ids.invitation_id("abc")
