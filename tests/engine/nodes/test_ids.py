"""Ids, digests and addresses."""

import uuid
from typing import Any

import pytest

from tests.engine.nodes.bench import Bench


async def test_each_id_is_new(node: Bench) -> None:
    ids = [(await node.run("id.uuid"))["result"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert [uuid.UUID(each).version for each in ids] == [4, 4]


@pytest.mark.parametrize(
    ("algorithm", "begins", "digits"),
    [
        ("sha256", "ba7816bf", 64),
        ("sha384", "cb00753f", 96),
        ("sha512", "ddaf35a1", 128),
        ("sha3_256", "3a985da7", 64),
        ("sha3_512", "b751850b", 128),
        ("blake2b", "ba80a53f", 128),
        ("blake2s", "508c5e8c", 64),
        ("sha1", "a9993e36", 40),
        ("md5", "90015098", 32),
    ],
)
async def test_digests_of_abc(node: Bench, algorithm: str, begins: str, digits: int) -> None:
    digest = (await node.run("hash.digest", text="abc", algorithm=algorithm))["result"]
    assert digest.startswith(begins)
    assert len(digest) == digits


async def test_an_algorithm_that_is_not_offered_is_refused(node: Bench) -> None:
    assert "'algorithm'" in (await node.fail("hash.digest", text="abc", algorithm="crc32")).message


BASE = "https://example.com/v1"


@pytest.mark.parametrize(
    ("inputs", "url"),
    [
        ({"base": BASE}, BASE),
        ({"base": BASE, "path": "a b/ü?#", "query": {"q": "1&2"}}, f"{BASE}/a%20b/%C3%BC%3F%23?q=1%262"),
        ({"base": f"{BASE}/?a=1&b=2", "path": "/c/", "query": {"b": [True, 3]}}, f"{BASE}/c/?a=1&b=true&b=3"),
        ({"base": "http://localhost:8080", "path": "100%"}, "http://localhost:8080/100%25"),
        ({"base": f"{BASE}#part", "path": "a@b:c"}, f"{BASE}/a@b:c#part"),
    ],
)
async def test_addresses_are_encoded(node: Bench, inputs: dict[str, Any], url: str) -> None:
    assert await node.run("url.build", **inputs) == {"url": url}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"base": "example.com"}, "Input 'base': the URL has to begin with http"),
        ({"base": "javascript:alert(1)"}, "Input 'base': "),
        ({"base": BASE, "path": "a/../b"}, "Input 'path': the steps . and .."),
        ({"base": BASE, "query": {"a": None}}, "Input 'query.a"),
        ({"base": BASE, "path": "é" * 3_000}, "the limit is 8192"),
    ],
)
async def test_what_makes_no_address_is_refused(node: Bench, inputs: dict[str, Any], said: str) -> None:
    error = await node.fail("url.build", **inputs)
    assert error.failure_code == "INPUT"
    assert said in error.message
