"""Which tokens are good, and for whom."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.errors import Unauthenticated
from resolvers import key_set
from resolvers.authentication import Bearers, HookFailed
from resolvers.credentials import token_in_payload
from resolvers.key_set import KeySet
from resolvers.tokens import LEEWAY_SECONDS, Keys, SecretKey, Verifier
from resolvers.viewer import Viewer
from tests.api.callers import SECRET, token

RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
ALGORITHMS = {"RS256": RSA, "ES256": EC, "EdDSA": ED}


def bearers(keys: Keys | None = None, **options: Any) -> Bearers:
    hook = options.pop("hook", None)
    return Bearers(Verifier(keys or SecretKey(SECRET), **options), hook)


async def is_refused(authenticate: Bearers, shown: str | None) -> bool:
    with pytest.raises(Unauthenticated):
        await authenticate(shown)
    return True


async def test_the_claims_say_who_it_is() -> None:
    shown = token("ada", name="Ada", roles=["admin"], exp=2_000_000_000)
    viewer = await bearers()(shown)
    assert viewer == Viewer("ada", "Ada", ("admin",), 2_000_000_000 + LEEWAY_SECONDS)
    assert viewer.reader.sees_all
    assert not (await bearers()(token("eve", roles=["administrator"]))).reader.sees_all


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1_000_000_000},
        {"nbf": 100_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"sub": "\ud800"},
        {"roles": "admin"},
        {"roles": [{"admin": True}]},
    ],
)
async def test_what_the_claims_lack_or_say_wrong_is_refused(claims: dict[str, Any]) -> None:
    assert await is_refused(bearers(), token(**{"sub": "ada", **claims}))


async def test_clocks_may_differ_a_little() -> None:
    assert (await bearers()(token(expires_in=-LEEWAY_SECONDS / 2))).id == "ada"
    assert (await bearers()(token(nbf=int(time.time() + LEEWAY_SECONDS / 2)))).id == "ada"


@pytest.mark.parametrize(("claim", "option"), [("aud", "audience"), ("iss", "issuer")])
async def test_audience_and_issuer_must_be_the_wanted_ones_if_any_are(claim: str, option: str) -> None:
    strict = bearers(**{option: "flows"})
    assert (await strict(token(**{claim: "flows"}))).id == "ada"
    assert await is_refused(strict, token(**{claim: "other"}))
    assert await is_refused(strict, token())
    assert (await bearers()(token(**{claim: "other"}))).id == "ada"


def unsigned(algorithm: str) -> str:
    parts = [{"alg": algorithm, "typ": "JWT"}, {"sub": "ada", "exp": 2_000_000_000}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return f"{'.'.join(encoded)}."


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "nonsense",
        "a.b.c",
        "." * 50,
        *map(unsigned, ["none", "None", "NONE", "HS256", ""]),
        jwt.encode({"sub": "ada", "exp": 2_000_000_000}, "another secret that is long enough as well", "HS256"),
        jwt.encode({"sub": "ada", "exp": 2_000_000_000}, SECRET * 2, "HS512"),
        jwt.encode({"sub": "ada", "exp": 2_000_000_000}, RSA, "RS256"),
        token()[:-4] + "AAAA",
    ],
)
async def test_what_the_secret_has_not_signed_is_refused(shown: str | None) -> None:
    assert await is_refused(bearers(), shown)


# Published keys


class Provider(KeySet):
    """A set of keys that is published in memory."""

    def __init__(self) -> None:
        super().__init__("https://provider.example/keys")
        self.published: list[dict[str, Any]] = []
        self.is_down = False
        self.fetched = 0

    def publish(self, algorithm: str, key: Any, key_id: str | None, **more: Any) -> None:
        published = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
        self.published.append({**published, "alg": algorithm, **({"kid": key_id} if key_id else {}), **more})

    async def _fetch(self) -> bytes:
        self.fetched += 1
        if self.is_down:
            raise TimeoutError
        return json.dumps({"keys": self.published}).encode()


def signed(algorithm: str, key: Any, key_id: str | None = "k1") -> str:
    headers = {"kid": key_id} if key_id else {}
    return jwt.encode({"sub": "ada", "exp": int(time.time()) + 60}, key, algorithm, headers)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setattr(key_set, "PAUSE_SECONDS", 0.0)
    return Provider()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_published_key_verifies(provider: Provider, algorithm: str) -> None:
    provider.publish(algorithm, ALGORITHMS[algorithm], "k1")
    assert (await bearers(provider)(signed(algorithm, ALGORITHMS[algorithm]))).id == "ada"
    assert (await bearers(provider)(signed(algorithm, ALGORITHMS[algorithm], None))).id == "ada"
    assert provider.fetched == 1


async def test_a_token_cannot_choose_how_a_published_key_is_used(provider: Provider) -> None:
    provider.publish("RS256", RSA, "k1")
    authenticate = bearers(provider)
    assert (await authenticate(signed("RS256", RSA))).id == "ada"
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": "k1"}
    claims = {"sub": "ada", "exp": 2_000_000_000}
    body = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    )
    mac = jwt.get_algorithm_by_name("HS256")
    forged = base64.urlsafe_b64encode(mac.sign(body.encode(), public)).rstrip(b"=").decode()
    assert await is_refused(authenticate, f"{body}.{forged}")
    assert await is_refused(authenticate, signed("ES256", EC))
    assert await is_refused(authenticate, signed("RS512", RSA))
    assert await is_refused(authenticate, unsigned("none"))


async def test_keys_that_are_weak_or_not_for_signatures_or_secret_verify_nothing(provider: Provider) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    provider.publish("RS256", weak, "weak")
    provider.publish("RS256", RSA, "encryption", use="enc")
    provider.published += [{"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, {"kty": "new"}, "no key"]  # type: ignore[list-item]
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert await is_refused(bearers(provider), signed("RS256", weak, "weak"))
    assert await is_refused(bearers(provider), signed("RS256", RSA, "encryption"))


async def test_a_new_key_is_read_when_a_token_names_it_and_an_old_one_ends_with_the_set(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate = bearers(provider)
    provider.publish("RS256", RSA, "k1")
    assert (await authenticate(signed("RS256", RSA))).id == "ada"
    provider.published.clear()
    provider.publish("ES256", EC, "k2")
    assert (await authenticate(signed("ES256", EC, "k2"))).id == "ada"
    assert provider.fetched == 2
    assert await is_refused(authenticate, signed("RS256", RSA))


async def test_names_of_keys_that_are_made_up_lead_to_one_reading(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.publish("RS256", RSA, "k1")
    assert (await bearers(provider)(signed("RS256", RSA))).id == "ada"
    monkeypatch.setattr(key_set, "PAUSE_SECONDS", 60.0)
    for n in range(5):
        assert await is_refused(bearers(provider), signed("RS256", RSA, f"made up {n}"))
    assert provider.fetched == 1


async def test_known_keys_are_good_while_the_provider_is_away(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider.publish("RS256", RSA, "k1")
    assert (await bearers(provider)(signed("RS256", RSA))).id == "ada"
    provider.is_down = True
    monkeypatch.setattr(key_set, "FRESH_SECONDS", -1.0)
    assert (await bearers(provider)(signed("RS256", RSA))).id == "ada"
    assert await is_refused(bearers(provider), signed("RS256", RSA, "other"))
    assert (await bearers(provider)(signed("RS256", RSA))).id == "ada"
    assert "could not be read" in caplog.text


# Hooks and places


async def test_a_hook_says_who_somebody_is() -> None:
    async def old_id(claims: Any) -> Viewer:
        return Viewer(f"old-{claims['sub']}", roles=tuple(claims["groups"]))

    viewer = await bearers(hook=old_id)(token("ada", groups=["admin"], exp=2_000_000_000))
    assert viewer == Viewer("old-ada", None, ("admin",), 2_000_000_000 + LEEWAY_SECONDS)


@pytest.mark.parametrize("given", [None, "ada", {"id": "ada"}, RuntimeError("the canary sings")])
async def test_a_hook_that_fails_is_masked_and_logged(given: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(claims: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    with pytest.raises(HookFailed) as failed:
        await bearers(hook=broken)(token())
    assert failed.value.error_id in caplog.text
    assert "canary" not in failed.value.message
    assert failed.value.code == "INTERNAL_SERVER_ERROR"


async def test_a_hook_may_refuse() -> None:
    def refusing(claims: Any) -> Any:
        raise Unauthenticated("This user has left.")

    assert await is_refused(bearers(hook=refusing), token())


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (None, None),
        ({}, None),
        ({"Authorization": "Bearer abc"}, "abc"),
        ({"authorization": "bearer abc"}, "abc"),
        ({"token": "abc"}, "abc"),
        ({"authToken": "abc"}, None),
    ],
)
def test_the_first_message_has_the_token_where_clients_put_it(payload: Any, found: str | None) -> None:
    assert token_in_payload(payload) == found


@pytest.mark.parametrize(
    "payload", [{"token": 7}, {"token": ""}, {"Authorization": "Basic abc"}, {"token": "x" * 9000}]
)
def test_what_is_no_token_is_refused(payload: Any) -> None:
    with pytest.raises(Unauthenticated):
        token_in_payload(payload)


def test_a_secret_shows_nowhere() -> None:
    assert SECRET not in repr(bearers())
