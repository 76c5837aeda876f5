"""The keys for secrets: as a setting, as tidegate dev makes one, and as tidegate secrets rotate uses them."""

import base64
import stat
from pathlib import Path

import asyncpg
import pytest

from storage.keyring import NO_KEYS
from storage.secrets import put_secret, read_secret
from tests.keys import KEYS, NEW, OLD
from tidegate.own_keys import own_keys
from tidegate.rotate import rotate_keys
from tidegate.settings import InvalidSetting, MissingSetting, Settings

KEY = base64.b64encode(NEW).decode()
OLD_KEY = base64.b64encode(OLD).decode()


def read(text: str) -> Settings:
    return Settings.read({"TIDEGATE_SECRET_KEYS": text})


def test_keys_are_read_and_the_first_one_seals() -> None:
    ring = read(f"2026-11:{KEY}, 2025:{OLD_KEY}").secret_keys
    assert (ring.sealing, len(ring)) == ("2026-11", 2)
    assert read("").secret_keys is NO_KEYS


@pytest.mark.parametrize(
    "text",
    [KEY, f":{KEY}", f"a b:{KEY}", f"a:{KEY[:-5]}", f"a:{KEY[:20]}!{KEY[20:]}", f"a:{KEY},a:{OLD_KEY}", "a:", ","],
)
def test_keys_that_are_none_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read(text)
    assert caught.value.message.startswith(f"TIDEGATE_SECRET_KEYS is a text of {len(text)} characters; it must be keys")
    assert KEY[:16] not in caught.value.message


def test_keys_show_nowhere_in_the_settings() -> None:
    settings = read(f"2026:{KEY}")
    shown = repr(settings) + repr(settings.secret_keys)
    assert KEY not in shown
    assert NEW.decode() not in shown


def test_dev_makes_a_key_of_its_own_once_that_nobody_else_can_read(tmp_path: Path) -> None:
    first, again = own_keys(tmp_path), own_keys(tmp_path)
    assert first == again
    assert Settings.read(first).secret_keys.sealing == "dev"
    assert stat.S_IMODE((tmp_path / "secret-keys").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-keys"]


async def test_the_command_seals_again_and_names_what_it_could_not(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.read({"DATABASE_URL": database_url, "TIDEGATE_SECRET_KEYS": f"new:{KEY},old:{OLD_KEY}"})
    connection = await asyncpg.connect(database_url)
    for name in ("a", "b"):
        await put_secret(connection, KEYS, owner_id="ada", name=name, value="value")
    assert await rotate_keys(settings) == 0
    assert capsys.readouterr().out == "sealed again with the key new: 2\n"
    assert await read_secret(connection, read(f"new:{KEY}").secret_keys, "ada", "a") == "value"

    await connection.execute("update secrets set key_id = 'lost' where name = 'b'")
    await connection.close()
    assert await rotate_keys(settings) == 1
    assert "'b' of 'ada'. It is sealed with the key 'lost'" in capsys.readouterr().err


async def test_without_keys_there_is_nothing_to_seal_with() -> None:
    with pytest.raises(MissingSetting, match="TIDEGATE_SECRET_KEYS is not set"):
        await rotate_keys(Settings.read({}))
