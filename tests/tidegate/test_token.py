"""tidegate token, and commands that show one to a server that wants it."""

import json
import time

import jwt
import pytest

from resolvers.authentication import Bearers
from tidegate.callers import NoSuchHook, load_hook, policy_of
from tidegate.cli import main
from tidegate.settings import Settings

SECRET = "a secret of a test that is long enough for anybody"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TIDEGATE_JWT_SECRET", SECRET)
    monkeypatch.setenv("TIDEGATE_JWT_AUDIENCE", "flows")
    return SECRET


async def test_a_token_is_good_for_a_server_with_the_same_settings(
    secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "--sub", "ada", "--role", "admin", "--expires", "15m"]) == 0

    token = capsys.readouterr().out.strip()
    viewer = await policy_of(Settings.read(), loopback=True).authenticate(token)
    assert (viewer.id, viewer.roles) == ("ada", ("admin",))
    assert viewer.expires_at is not None
    assert 880 < viewer.expires_at - time.time() < 920
    assert jwt.get_unverified_header(token)["alg"] == "HS256"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--expires", "soon"], "'soon' is no time such as 90s, 15m, 1h or 7d"),
        (["--expires", "0s"], "'0s' is no time"),
        (["--expires", "900d"], "of at most a year"),
    ],
)
def test_a_wrong_time_is_named(
    secret: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_without_a_secret_there_is_no_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TIDEGATE_JWT_SECRET", raising=False)
    assert main(["token"]) == 1
    assert "TIDEGATE_JWT_SECRET is not set" in capsys.readouterr().err


def test_what_is_no_token_is_refused_without_being_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "EX0", "--token", "two words"]) == 1
    said = capsys.readouterr().err
    assert "none" in said
    assert "two words" not in said


@pytest.mark.parametrize("name", ["no_such_module:f", "tidegate.cli:no_such_function", "tidegate.cli:FAILED"])
def test_a_hook_that_cannot_be_loaded_is_named(name: str) -> None:
    with pytest.raises(NoSuchHook, match="TIDEGATE_VIEWER_HOOK is"):
        load_hook(name)


def test_settings_decide_how_callers_are_known() -> None:
    settings = Settings(jwt_secret=SECRET, viewer_hook="json:loads", allowed_origins=frozenset({"https://a.example"}))
    policy = policy_of(settings, loopback=False)
    assert isinstance(policy.authenticate, Bearers)
    assert policy.authenticate.hook is json.loads
    assert (policy.origins, policy.loopback, policy.is_development) == ({"https://a.example"}, False, False)
