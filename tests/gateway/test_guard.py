"""Which addresses a service may lead to, in all the ways to write one."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate_gateway.outbound.guard import (
    AddressGuard,
    ForbiddenAddressError,
    networks,
)
from headgate_gateway.outbound.resolver import GuardedResolver
from tests.gateway.client import Client, message
from tests.gateway.provider_streams import OPENAI_CHAT
from tests.gateway.upstreams import running_upstream
from tests.gateway_process import running_gateway

CLOSED = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1"),
    *("192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.2.1"),
    *(
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
    ),
    *("ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1"),
    *("64:ff9b:1::7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "fec0::1"),
)
"""Loopback, private, shared, link-local, metadata, reserved, and IPv4 inside IPv6."""
OPEN = ("1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1")


@pytest.mark.parametrize("address", CLOSED)
def test_addresses_inside_are_closed(address: str):
    """Encrypted or not, unless the operator named their network."""
    guard = AddressGuard(())
    named = AddressGuard(networks("0.0.0.0/0 ::/0"))

    assert not guard.allows(address, encrypted=True)
    assert not guard.allows(address, encrypted=False)
    assert named.allows(address, encrypted=False)
    with pytest.raises(ForbiddenAddressError):
        guard.check_literal(address, encrypted=True)


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open_when_encrypted(address: str):
    """In the clear none is."""
    guard = AddressGuard(())

    assert guard.allows(address, encrypted=True)
    assert not guard.allows(address, encrypted=False)


async def test_what_a_name_means_is_checked_where_it_is_dialled():
    """The connection's own resolver gives no address but one that was checked."""
    resolver = GuardedResolver(AddressGuard(()), encrypted=True)
    named = GuardedResolver(AddressGuard(networks("127.0.0.0/8")), encrypted=True)
    found = await named.resolve("localhost", 443)
    try:
        with pytest.raises(ForbiddenAddressError):
            await resolver.resolve("localhost", 443)
    finally:
        await resolver.close()
        await named.close()

    assert {result["host"] for result in found} == {"127.0.0.1"}


def test_proxies_of_the_environment_are_ignored(
    tmp_path: Path, own_settings: dict[str, str]
):
    """A provider is asked itself, whatever stands between others and the network."""
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(["HTTP_PROXY", "http_proxy", "ALL_PROXY"], nowhere)
    with running_upstream() as upstream:
        settings = {
            **own_settings,
            **proxies,
            "NO_PROXY": "",
            "HEADGATE_GATEWAY_PROVIDER_URLS": f"openai={upstream.url}",
            "HEADGATE_GATEWAY_PROVIDER_KEYS": "openai=sk-operator",
        }
        upstream.streams(OPENAI_CHAT)
        with running_gateway(tmp_path, settings) as gateway:
            client = Client(gateway)
            body = {**message(), "model": "openai/some-model"}
            answer = client.http.post("/v1/messages", json=body)
            client.close()

        assert answer.status_code == 200
        assert len(upstream.asked) == 1
