"""The guard against calls into private networks: addresses, URLs and names whose answers change."""

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kamao.business.webhooks.guard import AddressGuard, BlockedAddress, is_public
from kamao.business.webhooks.http import GuardedHttp
from kamao.kernel.errors import Refusal

PRIVATE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::", "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
    "fec0::1",
    "ff02::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "223.5.5.5",
          "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1", "2400:3200::1",
          "2606:4700::1111"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_plainly_public_are_refused(address):
    assert not is_public(ip_address(address))
    with pytest.raises(BlockedAddress):
        AddressGuard().check_address(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass_on_the_two_ports_only(address):
    guard = AddressGuard()
    guard.check_address(address, 80)
    guard.check_address(address, 443)
    for port in (22, 25, 5432, 6379, 8443):
        with pytest.raises(BlockedAddress):
            guard.check_address(address, port)


@given(st.ip_addresses(v=4))
@example(IPv4Address("169.254.169.254"))
def test_what_python_calls_private_never_passes(address):
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_gains_nothing_by_wearing_an_ipv6_coat(address):
    number = int(address)
    coats = (
        (0xFFFF << 32) | number,  # IPv4-mapped
        number,  # IPv4-compatible
        (0x0064_FF9B << 96) | number,  # NAT64
        (0x2002 << 112) | (number << 80),  # 6to4
        (0x2001_0000 << 96) | (number ^ 0xFFFF_FFFF),  # Teredo carries the client inverted
    )
    for coat in coats:
        assert not is_public(IPv6Address(coat))


@given(st.ip_addresses(v=6))
def test_ipv6_outside_global_unicast_never_passes(address):
    if address.is_private or address.is_multicast or address.is_link_local or address.is_site_local:
        assert not is_public(address)
    if int(address) >> 125 != 1:
        assert not is_public(address)


@given(st.ip_addresses(), st.integers(1, 65_535))
def test_loopback_passes_only_by_the_start_up_setting_and_nothing_else_does(address, port):
    relaxed = AddressGuard(allow_loopback=True)
    strict = AddressGuard()

    def passes(guard):
        try:
            guard.check_address(str(address), port)
        except BlockedAddress:
            return False
        return True

    assert passes(strict) == (is_public(address) and port in {80, 443})
    assert passes(relaxed) == (passes(strict) or address.is_loopback)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)",
        "//example.com/",
        "https://", "https:///path", "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data", "http://localhost/", "http://a.localhost./",
        "http://LOCALHOST/",
        "https://user:pass@example.com/", "https://user@example.com/", "https://example.com/#part",
        "https://example.com:8443/", "https://example.com:0x50/", "http://exa mple.com/",
        "http://example.com\\@10.0.0.1/",
        "http://example.com/\r\nHost: x", "https://exämple.com/", "https://example.com/" + "a" * 2_000,
        "https://example.com:99999/",
    ],
)  # fmt: skip
def test_urls_that_can_be_refused_at_once_are(url):
    with pytest.raises(Refusal) as refused:
        AddressGuard().check_url(url)
    assert refused.value.code == "webhook_url_refused"
    assert refused.value.pointers[0][0] == "/url"


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hook?x=1", "http://example.com", "https://1.1.1.1/", "https://[2606:4700::1111]/a"],
)
def test_urls_of_public_hosts_pass(url):
    AddressGuard().check_url(url)


def test_loopback_urls_pass_with_the_setting():
    AddressGuard(allow_loopback=True).check_url("http://127.0.0.1:9000/hook")
    with pytest.raises(Refusal):
        AddressGuard(allow_loopback=True).check_url("http://10.0.0.1:9000/hook")


class ChangingResolver:
    """A name server that gives each answer once and then repeats the last."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host, port):
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_name_with_one_private_address_is_refused_whole():
    guard = AddressGuard(resolve=ChangingResolver(["1.1.1.1", "10.0.0.1"]))
    with pytest.raises(BlockedAddress):
        asyncio.run(guard.addresses("mixed.example", 443))


@given(
    answers=st.lists(st.lists(st.ip_addresses().map(str), min_size=1, max_size=3), min_size=1, max_size=6),
)
def test_whatever_a_name_answers_later_each_answer_is_judged_anew(answers):
    async def run():
        resolver = ChangingResolver(*[list(answer) for answer in answers])
        guard = AddressGuard(resolve=resolver)
        for answer in answers:
            expected = all(is_public(ip_address(address)) for address in answer)
            try:
                assert await guard.addresses("rebind.example", 443) == answer
                assert expected
            except BlockedAddress:
                assert not expected

    asyncio.run(run())


class Listener:
    """Accepts connections and answers 200; counts them."""

    def __init__(self):
        self.requests = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc):
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()


def test_a_rebinding_name_never_reaches_this_machine():
    """First answer public (as at a check), then loopback: the transport resolves at connect and refuses."""

    async def run():
        async with Listener() as listener:
            resolver = ChangingResolver(["1.1.1.1"], ["127.0.0.1"])
            guard = AddressGuard(resolve=resolver)
            assert await guard.addresses("rebind.example", 80) == ["1.1.1.1"]
            async with GuardedHttp(guard) as http:
                reply = await http.post(f"http://rebind.example:{listener.port}/", body=b"{}", headers={})
            assert (reply.status, reply.fault) == (None, "blocked")
            assert resolver.asked == 2
            assert listener.requests == 0

    asyncio.run(run())


def test_a_literal_address_is_stopped_at_the_socket_itself():
    async def run():
        async with Listener() as listener, GuardedHttp(AddressGuard()) as http:
            for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "localhost"):
                reply = await http.post(f"http://{host}:{listener.port}/", body=b"{}", headers={})
                assert reply.status is None, host
                # Abbreviated numbers are no host name for the client itself; it does not even look them up.
                assert reply.fault in {"blocked", "protocol"}, host
            assert listener.requests == 0

    asyncio.run(run())


def test_with_the_setting_loopback_is_called_on_any_port():
    async def run():
        async with Listener() as listener, GuardedHttp(AddressGuard(allow_loopback=True)) as http:
            reply = await http.post(f"http://127.0.0.1:{listener.port}/", body=b"{}", headers={})
            assert (reply.status, reply.excerpt) == (200, "ok")

    asyncio.run(run())
