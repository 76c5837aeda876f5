"""What was used last is kept, as much as there is room for."""

from storage.kept import Kept


def test_what_was_used_longest_ago_makes_room() -> None:
    kept: Kept[str, int] = Kept(3)
    for number, name in enumerate("abc"):
        kept.keep(name, number, 1)
    assert kept.get("a") == 0
    kept.keep("d", 3, 1)
    assert [kept.get(name) for name in "abcd"] == [0, None, 2, 3]


def test_what_has_more_than_the_room_is_kept_alone_until_something_else_comes() -> None:
    kept: Kept[str, str] = Kept(10)
    kept.keep("small", "s", 1)
    kept.keep("large", "l", 11)
    assert (kept.get("small"), kept.get("large")) == (None, "l")
    kept.keep("small", "s", 1)
    assert (kept.get("small"), kept.get("large")) == ("s", None)


def test_what_takes_the_place_of_another_takes_its_room_too() -> None:
    kept: Kept[str, int] = Kept(4)
    for number in range(5):
        kept.keep("again", number, 3)
    kept.keep("other", 0, 1)
    assert (kept.get("again"), kept.get("other")) == (4, 0)
