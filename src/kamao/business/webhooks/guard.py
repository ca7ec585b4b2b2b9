"""Where a call to an address that a person typed may go: the guard against server-side request forgery.

Owns the list of refused address ranges and the check of a URL, of a resolved name and of the very socket
that is opened. Refuses everything that is not plainly public: an address passes only if it is in no refused
range, and a name passes only if every address it resolves to passes. Names are resolved again at every
connect and the socket goes to the address that was checked, so a name that changes its answer between check
and connect (DNS rebinding) gains nothing.

Ranges: IANA special-purpose address registries (RFC 6890 and its updates).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from kamao.kernel.errors import Refusal, problem

PORTS_ALLOWED: Final = frozenset({80, 443})
URL_LENGTH_MAX: Final = 2_000

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Give the addresses (as text) of a host name and port; raises OSError where there are none."""

_REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_V6: Final = IPv6Network("2000::/3")
# Inside 2000::/3. Everything outside it is refused too: ::1, ::ffff:0:0/96 (IPv4-mapped), 64:ff9b::/96
# (NAT64), fc00::/7, fe80::/10, ff00::/8 and what is not assigned.
_REFUSED_V6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32", "2002::/16",  # documentation; 6to4, which wraps any IPv4 address
        "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip

URL_REFUSED = problem(
    "webhook_url_refused", 422, title_zh="回调地址不可用", title_en="Webhook address refused",
    detail_zh="请使用公网可访问的 http 或 https 地址，端口 80 或 443，不含用户名、密码和片段。",
    detail_en="Use a public http or https address on port 80 or 443, without credentials or fragment.",
)  # fmt: skip


class BlockedAddress(OSError):
    """The guard refused an address; the text never tells what an internal name resolves to."""


def is_public(address: Address) -> bool:
    """Tell whether an address is plainly public unicast."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _REFUSED_V6)


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Resolve a name by the system's resolver, without a cache of our own."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class AddressGuard:
    """Decides whether a URL, a name or a socket address may be called.

    ``allow_loopback`` lets 127.0.0.0/8 and ::1 pass on any port; it is a start-up setting, never a request's.
    """

    def __init__(self, *, allow_loopback: bool = False, resolve: Resolve = resolve_by_system) -> None:
        self._allow_loopback = allow_loopback
        self._resolve = resolve

    def check_url(self, url: str) -> None:
        """Refuse a URL that can be refused without asking the network. Raises Refusal
        ``webhook_url_refused``.

        A name is not resolved here: its answer now says nothing about its answer later.
        """
        reason = self._url_fault(url)
        if reason is not None:
            raise Refusal("webhook_url_refused", pointers=(("/url", *reason),))

    def _url_fault(self, url: str) -> tuple[str, str] | None:
        if len(url) > URL_LENGTH_MAX or not url.isascii() or any(char <= " " or char == "\\" for char in url):
            return "地址只能含 ASCII 字符，且不超过 2000 个", "use ASCII characters, at most 2000"
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return "地址无法解析", "the address cannot be parsed"
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return "需要 http 或 https 地址", "an http or https address is needed"
        if parts.username is not None or parts.password is not None or parts.fragment:
            return "不能含用户名、密码或片段", "leave out user name, password and fragment"
        return self._host_fault(parts.hostname, port)

    def _host_fault(self, host: str, port: int) -> tuple[str, str] | None:
        literal = _literal(host)
        if literal is None:
            is_local = host.lower().rstrip(".").rpartition(".")[2] == "localhost"
            if is_local and not self._allow_loopback:
                return "不能指向本机", "the address is this machine"
            if port not in PORTS_ALLOWED and not self._allow_loopback:
                return "端口只能是 80 或 443", "only ports 80 and 443 are called"
            return None
        try:
            self.check_address(str(literal), port)
        except BlockedAddress:
            return "只能使用公网地址，端口 80 或 443", "only public addresses on port 80 or 443 are called"
        return None

    def check_address(self, address: str, port: int) -> None:
        """Refuse a socket address. Raises BlockedAddress; called for the very address a socket connects
        to.
        """
        try:
            parsed = ip_address(address)
        except ValueError as error:
            raise BlockedAddress("the name resolves to something that is not an address") from error
        if parsed.is_loopback and self._allow_loopback:
            return
        if not is_public(parsed):
            raise BlockedAddress("the address is not public")
        if port not in PORTS_ALLOWED:
            raise BlockedAddress("only ports 80 and 443 are called")

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a name now and return its addresses, all checked.

        One refused address refuses the name: a mixed answer is how a public name smuggles a private address.
        Raises BlockedAddress, or OSError where the name does not resolve.
        """
        found = await self._resolve(host, port)
        if not found:
            raise OSError("the name does not resolve")
        for address in found:
            self.check_address(address, port)
        return found


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
