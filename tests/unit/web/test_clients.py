"""Whose request is this? Proxies vouch for what they saw, and for nothing that the client wrote."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.web.base.clients import client_address, network_of

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48"))


def asked(remote, forwarded=None, *, trusted=PROXIES):
    meta = {"REMOTE_ADDR": remote} if forwarded is None else {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(meta, trusted)


def test_without_a_proxy_the_header_means_nothing():
    assert asked("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert asked("10.1.1.1", "198.51.100.1", trusted=()) == "10.1.1.1"


def test_what_the_client_wrote_left_of_the_proxys_word_means_nothing():
    assert asked("10.0.0.1", "198.51.100.1, 203.0.113.9") == "203.0.113.9"
    assert asked("10.0.0.1", "10.9.9.9, 203.0.113.9, 10.0.0.2") == "203.0.113.9"


def test_a_chain_of_proxies_alone_gives_the_first_of_them():
    assert asked("10.0.0.1", "10.0.0.3, 10.0.0.2") == "10.0.0.3"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8:7::1]:4711", "2001:db8:7::1"),
        ("[2001:db8:7::1]", "2001:db8:7::1"),
        ("2001:DB8:7:0::1", "2001:db8:7::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", "0.0.0.0"),
        ("_hidden", "0.0.0.0"),
        ("203.0.113.9.7", "0.0.0.0"),
        ("", "10.0.0.1"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(written, meant):
    assert asked("10.0.0.1", written) == meant


def test_a_trusted_proxy_is_known_when_the_server_listens_on_ipv6():
    assert asked("::ffff:10.0.0.1", "203.0.113.9") == "203.0.113.9"
    assert asked("2001:db8:1::5", "203.0.113.9") == "203.0.113.9"


def test_ipv4_clients_of_a_server_on_ipv6_do_not_share_one_limit():
    assert network_of("::ffff:203.0.113.9") == "203.0.113.0/24"
    assert network_of("::ffff:198.51.100.9") == "198.51.100.0/24"


def test_a_household_is_one_network():
    assert network_of("203.0.113.9") == network_of("203.0.113.250") == "203.0.113.0/24"
    assert network_of("2001:db8:7:12ab::1") == "2001:db8:7:1200::/56"
    assert network_of("fe80::1%eth0") == "fe80::/56"


@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_written_gives_an_address_and_a_network(remote, forwarded):
    found = asked(remote, forwarded)
    assert str(ipaddress.ip_address(found)) == found
    ipaddress.ip_network(network_of(found))


@given(st.lists(st.ip_addresses(), max_size=4), st.ip_addresses(v=4, network="203.0.113.0/24"), st.integers(0, 3))
def test_nothing_in_front_changes_whom_the_proxies_saw(claimed, client, proxies):
    chain = [*map(str, claimed), str(client), *[f"10.0.0.{n + 2}" for n in range(proxies)]]
    assert asked("10.0.0.1", ", ".join(chain)) == str(client)
