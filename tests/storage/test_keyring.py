"""What is sealed can be opened with its key, for its context, and not otherwise."""

import pytest

from engine.errors import KeysMissing, SealBroken, UnknownKey
from storage.keyring import NO_KEYS, KeyRing, Sealed
from tests.keys import BOTH, KEYS, NEW, NEW_ONLY, OLD


def test_the_first_key_seals_and_all_open() -> None:
    old, new = KEYS.seal(b"plain", "context"), BOTH.seal(b"plain", "context")
    assert (old.key_id, new.key_id) == ("old", "new")
    assert BOTH.open(old, "context") == BOTH.open(new, "context") == NEW_ONLY.open(new, "context") == b"plain"


def test_nothing_is_sealed_twice_in_the_same_way() -> None:
    assert len({KEYS.seal(b"plain", "context").data for _ in range(100)}) == 100


def test_what_was_changed_anywhere_is_not_opened() -> None:
    sealed = KEYS.seal(b"plain", "context")
    for place in range(len(sealed.data)):
        data = bytearray(sealed.data)
        data[place] ^= 1
        with pytest.raises(SealBroken):
            KEYS.open(Sealed("old", bytes(data)), "context")


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_what_is_too_short_is_not_opened(length: int) -> None:
    with pytest.raises(SealBroken):
        KEYS.open(Sealed("old", KEYS.seal(b"", "context").data[:length]), "context")


def test_it_is_bound_to_its_context_and_the_name_of_its_key() -> None:
    sealed = KEYS.seal(b"plain", "context")
    with pytest.raises(SealBroken):
        KEYS.open(sealed, "another")
    with pytest.raises(SealBroken):
        KeyRing({"renamed": OLD}).open(Sealed("renamed", sealed.data), "context")


def test_without_the_key_or_any_it_says_which_setting_lacks_it() -> None:
    sealed = KEYS.seal(b"plain", "context")
    with pytest.raises(UnknownKey, match="'old', which TIDEGATE_SECRET_KEYS"):
        NEW_ONLY.open(sealed, "context")
    for use in (lambda: NO_KEYS.seal(b"plain", "context"), lambda: NO_KEYS.open(sealed, "context")):
        with pytest.raises(KeysMissing, match="TIDEGATE_SECRET_KEYS is not set"):
            use()


def test_a_ring_shows_the_names_of_its_keys_only() -> None:
    assert repr(BOTH) == "KeyRing(new, old)"
    assert NEW.decode() not in repr(vars(BOTH))
