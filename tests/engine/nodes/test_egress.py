"""Where requests may go: to public addresses and to what the operator has opened."""

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest

from engine.egress import EgressRefused, Resolver, checked_addresses, connections, is_public, resolve
from tests.engine.nodes.bench import Bench


def resolver(*addresses: str) -> Resolver:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "0.1.2.3", "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001:0:4136:e378::1", "3fff::1"),
    *("5f00::1", "100::1"),
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_addresses_that_are_not_public_or_wrap_another(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(EgressRefused, match="not on the public internet"):
        await checked_addresses("example.com", 80, frozenset(), resolver(address))


HOSTS = [
    *("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001"),
    *(
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "0",
        "0x0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "[fe80::1]", "127.0.0.1.", "１２７.0.0.1"),
    "3232235521",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_a_private_host_is_reached(node: Bench, scheme: str, host: str) -> None:
    error = await node.fail("http.request", url=f"{scheme}://{host}/")
    assert error.failure_code in ("NODE", "INPUT")
    assert not error.retryable
    assert "is not on the public internet" in error.message or "URL" in error.message


async def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    for addresses in (["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"]):
        with pytest.raises(EgressRefused):
            await checked_addresses("example.com", 80, frozenset(), resolver(*addresses))


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        assert b"host: example.test" in request.lower()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        served.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connections(frozenset({"example.test"}), rebinding) as pool:
            answer = await pool.request("GET", f"http://example.test:{port}/")
    assert answer.status == 204
    assert served.is_set()
    assert asked == ["example.test"]


@pytest.mark.parametrize(
    ("allowed", "host", "port", "reached"),
    [
        ("intranet", "intranet", 80, True),
        ("intranet", "INTRANET", 8080, True),
        ("intranet:8080", "intranet", 8080, True),
        ("intranet:8080", "intranet", 80, False),
        ("intranet", "intranet.example.com", 80, False),
        ("127.0.0.1:80", "127.0.0.1", 80, True),
        ("127.0.0.1", "localhost", 80, False),
        ("[::1]:80", "::1", 80, True),
    ],
)
async def test_the_operator_opens_a_host_by_name_or_by_name_and_port(
    allowed: str, host: str, port: int, reached: bool
) -> None:
    checked = checked_addresses(host, port, frozenset({allowed}), resolver("127.0.0.1"))
    if reached:
        assert list(await checked) == ["127.0.0.1"]
    else:
        with pytest.raises(EgressRefused):
            await checked


async def test_the_real_resolver_gives_each_address_once() -> None:
    addresses = await resolve("localhost", 80)
    assert "127.0.0.1" in addresses
    assert len(set(addresses)) == len(addresses)
