"""Where a message may be sent: a name is looked up once, every address of it is checked, and only those are used.

The caller connects to an address that was checked, never to the name again: an answer of the name server that changes
between the check and the connection (DNS rebinding) changes nothing. What is refused is refused before any connection.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, as text. Raises ``OSError`` when there are none to be had."""

MAX_URL: Final = 2000
PUBLIC_PORTS: Final = frozenset((443, 8443))
LOOKUP_THREADS: Final = 128
LOOKUP_SECONDS: Final = 5.0

# Beside what the Python library calls not global: its table differs by version, and lacks some of these.
NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # a public number under which a large cloud serves its own machines
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # Teredo and other protocol assignments
            "2001:db8::/32",
            "2002::/16",  # 6to4: carries an IPv4 address that nobody would look at
            "3fff::/20",
        ),
    )
)
# All of IPv6 that is given out for public use: mapped, compatible, NAT64, unique-local and link-local are outside.
PUBLIC_IPV6: Final = IPv6Network("2000::/3")

_NAME: Final = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,62})\.?"
)
_NUMERIC: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\.?")


class AddressRefused(Exception):
    """An address to which nothing is sent; the reason in both languages."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(en)
        self.ru, self.en = ru, en


class NotResolved(AddressRefused):
    """A name that has no address now; it may have one later."""


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver whose addresses were checked. ``host`` is in ASCII, ``path`` includes the query."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[Address, ...] = ()

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT[self.scheme] else f"{host}:{self.port}"

    def at(self, address: Address) -> str:
        """The URL with the address in place of the name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


_DEFAULT: Final = {"https": 443, "http": 80}


def read_url(url: str) -> Target:
    """The parts of a receiver's address, not looked up yet. Raises ``AddressRefused`` for what is never accepted."""
    if len(url) > MAX_URL:
        raise AddressRefused(f"Адрес длиннее {MAX_URL} знаков", f"The address is longer than {MAX_URL} characters")
    try:
        parsed = None if re.search(r"[\s\x00-\x1f\x7f\\]", url) else httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        parsed = None
    if parsed is None or parsed.scheme not in _DEFAULT or not parsed.host:
        raise AddressRefused(
            "Нужен адрес вида https://receiver.example/hook",
            "An address such as https://receiver.example/hook is needed",
        )
    if re.match(r"[a-z]+://[^/?#]*@", url, re.IGNORECASE):
        raise AddressRefused(
            "Имя и пароль в адресе не допускаются", "A user name or password in the address is refused"
        )
    if "#" in url:
        raise AddressRefused("Часть адреса после # не допускается", "A fragment (after #) in the address is refused")
    port = _DEFAULT[parsed.scheme] if parsed.port is None else parsed.port
    if not 0 < port < 65_536:
        raise AddressRefused("Такого порта нет", "There is no such port")
    return Target(parsed.scheme, _host(parsed.raw_host.decode("ascii").lower()), port, parsed.raw_path.decode("ascii"))


def _host(host: str) -> str:
    if _literal(host) is not None:
        return host
    # Resolvers read 2130706433, 0x7f.1 or 127.1 as addresses; nobody writes a receiver so in good faith.
    if _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) or not _NAME.fullmatch(host):
        raise AddressRefused(
            "Узел указывается именем либо IP-адресом в обычной записи",
            "The host is a name, or an IP address in its usual form",
        )
    return host


def _literal(host: str) -> Address | None:
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address lies in the public Internet, for certain."""
    if not address.is_global or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    if address.version == 6 and address not in PUBLIC_IPV6:
        return False
    return not any(address in network for network in NOT_PUBLIC if network.version == address.version)


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks as an operator writes them: ``10.0.0.0/8, fd00::/8``. Raises ``ValueError`` that names the wrong one."""
    return tuple(ip_network(item.strip()) for item in text.split(",") if item.strip())


class Lookup:
    """Asks the system's resolver, in threads of its own: slow name servers must not hold up anything else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> list[str]:
        """See ``Resolve``."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(item[4][0]) for item in found))

    def close(self) -> None:
        """Start no further look-up; one that hangs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Guard:
    """What an operator allows. ``opened`` are networks in which receivers may lie though they are not public.

    Outside of them only HTTPS on ports 443 and 8443 of public addresses; inside, also HTTP and any port.
    """

    resolve: Resolve
    opened: tuple[Network, ...] = ()

    async def check(self, url: str) -> Target:
        """The receiver with its checked addresses.

        Raises ``AddressRefused`` when it may not be used, ``NotResolved`` when its name has no address now. The text
        does not tell what a name resolves to: names inside the operator's network are nobody's business.
        """
        target = read_url(url)
        addresses = await self._addresses(target)
        outside = [address for address in addresses if not self._is_opened(address)]
        if not all(map(is_public, outside)):
            raise AddressRefused(
                "Адрес ведёт в частную или служебную сеть; отправка туда не разрешена",
                "The address leads into a private or reserved network; sending there is not allowed",
            )
        if outside and target.scheme != "https":
            raise AddressRefused("Допускается только https", "Only https is allowed")
        if outside and target.port not in PUBLIC_PORTS:
            listed = ", ".join(map(str, sorted(PUBLIC_PORTS)))
            raise AddressRefused(f"Допускаются порты {listed}", f"The ports allowed are {listed}")
        return Target(target.scheme, target.host, target.port, target.path, tuple(addresses))

    async def _addresses(self, target: Target) -> Sequence[Address]:
        literal = _literal(target.host)
        if literal is not None:
            return (literal,)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = _parsed(await self.resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:  # a timeout is an OSError
            raise _not_resolved() from error
        if not found:
            raise _not_resolved()
        return found

    def _is_opened(self, address: Address) -> bool:
        if address.is_multicast or address.is_unspecified:
            return False
        return any(address in network for network in self.opened if network.version == address.version)


def _parsed(texts: Iterable[str]) -> list[Address]:
    # A zone (fe80::1%eth0) belongs to a link-local address only; without it the address is refused just so.
    return [ip_address(text.partition("%")[0]) for text in texts]


def _not_resolved() -> NotResolved:
    return NotResolved("Имя узла не найдено", "The host's name cannot be resolved")
