"""Nothing is sent into a private network, however its address is written, and nothing is sent before it was checked."""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.webhooks.addresses import AddressRefused, Guard, Lookup, NotResolved, is_public, read_networks, read_url
from feeds.webhooks.sender import Sender

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"


class Connector(httpx.AsyncBaseTransport):
    """Connects to nobody and says where it would have."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(204, stream=httpx.ByteStream(b""))


class Names:
    """A name server whose answers are given, one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not found:
            raise OSError("no such name")
        return found


async def post(url: str, names: Names, opened: str = "") -> tuple[str | None, list[httpx.Request]]:
    connector = Connector()
    sender = Sender(Guard(names, read_networks(opened)), transport=connector)
    return (await sender.post(url, {}, b"{}")).error, connector.requests


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "100.127.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::808:808]",
        "[64:ff9b:1::a00:1]",
        "[2002:7f00:1::]",
        "[2002:808:808::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:db8::1]",
        "[3fff::1]",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[fe80::1%25eth0]",
    ],
)
async def test_an_address_that_is_not_public_is_refused_before_any_connection(host: str) -> None:
    # A resolver that would read odd forms as the C library does, and a public address elsewhere.
    names = Names(["127.0.0.1"])
    error, requests = await post(f"https://{host}/hook", names)
    assert error == "address"
    assert requests == []


@pytest.mark.parametrize(
    "answer",
    [
        ["10.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["::1", "2606:4700:4700::1111"],
        ["fe80::1%2"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["100.100.100.200"],
    ],
)
async def test_a_name_is_refused_when_any_of_its_addresses_is(answer: list[str]) -> None:
    error, requests = await post("https://receiver.example/hook", Names(answer))
    assert error == "address"
    assert requests == []


async def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked() -> None:
    names = Names([PUBLIC, "2606:4700:4700::1111"])
    error, requests = await post("https://Пример.example/hook?a=1", names)
    assert error is None
    assert names.asked == ["xn--e1afmkfd.example"]
    (request,) = requests
    assert request.url.host == PUBLIC
    assert str(request.url) == f"https://{PUBLIC}/hook?a=1"
    assert request.headers["host"] == "xn--e1afmkfd.example"
    assert request.extensions["sni_hostname"] == "xn--e1afmkfd.example"


async def test_a_name_whose_answer_changes_is_looked_up_once_and_never_again_before_the_connection() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    error, requests = await post("https://rebinding.example:8443/", names)
    assert error is None
    assert [request.url.host for request in requests] == [PUBLIC]
    assert requests[0].headers["host"] == "rebinding.example:8443"
    assert names.asked == ["rebinding.example"]


async def test_each_attempt_checks_anew() -> None:
    names, connector = Names([PUBLIC], ["127.0.0.1"]), Connector()
    sender = Sender(Guard(names), transport=connector)
    assert (await sender.post("https://rebinding.example/", {}, b"")).error is None
    assert (await sender.post("https://rebinding.example/", {}, b"")).error == "address"
    assert len(connector.requests) == 1


async def test_an_ipv6_address_is_connected_to_in_brackets() -> None:
    error, requests = await post("https://receiver.example/", Names(["2606:4700:4700::1111"]))
    assert error is None
    assert str(requests[0].url).startswith("https://[2606:4700:4700::1111]")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://receiver.example/", "https"),
        ("https://receiver.example:22/", "ports"),
        ("https://receiver.example:0/", "port"),
        ("https://receiver.example:99999/", "port"),
        ("https://user:secret@receiver.example/", "password"),
        ("https://@receiver.example/", "password"),
        ("https://receiver.example/#part", "fragment"),
        ("https://receiver.example/#", "fragment"),
        ("ftp://receiver.example/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("//receiver.example/", "https://"),
        ("https:///hook", "https://"),
        ("https://receiver.example\\@10.0.0.1/", "https://"),
        ("https://receiver.example/a b", "https://"),
        ("https://receiver.example/\r\nHost: x", "https://"),
        ("https://-/", "usual form"),
        ("https://a..b/", "usual form"),
        ("https://receiver.example/" + "a" * 2000, "2000"),
    ],
)
async def test_an_address_that_is_not_accepted_is_refused_with_its_reason(url: str, word: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        await Guard(Names([PUBLIC])).check(url)
    assert word in refusal.value.en
    assert refusal.value.ru
    error, requests = await post(url, Names([PUBLIC]))
    assert (error, requests) == ("address", [])


async def test_a_name_without_an_address_is_told_apart_as_it_may_have_one_later() -> None:
    with pytest.raises(NotResolved):
        await Guard(Names([])).check("https://receiver.example/")
    assert await post("https://receiver.example/", Names([])) == ("resolve", [])


async def test_a_name_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return [PUBLIC]

    monkeypatch.setattr("feeds.webhooks.addresses.LOOKUP_SECONDS", 0.05)
    with pytest.raises(NotResolved):
        await Guard(hang).check("https://receiver.example/")


async def test_the_resolver_of_the_system_knows_this_machine_and_is_not_asked_after_its_end() -> None:
    lookup = Lookup()
    assert "127.0.0.1" in await lookup("localhost", 443) + await lookup("127.0.0.1", 443)
    with pytest.raises(AddressRefused, match="private"):
        await Guard(lookup).check("https://localhost/")
    lookup.close()


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://10.1.2.3:8080/", []),
        ("https://10.1.2.3/", []),
        ("http://inside.example:9000/", ["10.1.2.3"]),
        ("http://[fd00::5]:81/", []),
    ],
)
async def test_inside_an_opened_network_http_and_any_port_are_allowed(url: str, answer: list[str]) -> None:
    error, requests = await post(url, Names(answer), "10.0.0.0/8, fd00::/8")
    assert error is None
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1/", []),
        ("http://192.168.0.1/", []),
        ("http://mixed.example/", ["10.0.0.1", PUBLIC]),
        ("https://mixed.example/", ["10.0.0.1", "192.168.0.1"]),
        ("https://mixed.example:9000/", ["10.0.0.1", PUBLIC]),
        ("http://public.example/", [PUBLIC]),
        ("http://224.0.0.1/", []),
        ("http://0.0.0.0/", []),
    ],
)
async def test_an_opened_network_opens_nothing_else(url: str, answer: list[str]) -> None:
    assert await post(url, Names(answer), "10.0.0.0/8, 224.0.0.0/4, 0.0.0.0/32") == ("address", [])


def test_networks_are_read_as_an_operator_writes_them() -> None:
    assert [str(one) for one in read_networks("10.0.0.0/8 , fd00::/8,")] == ["10.0.0.0/8", "fd00::/8"]
    assert read_networks("") == ()
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        read_networks("10.0.0.1/8")


@given(st.ip_addresses(v=4))
def test_what_is_public_of_ipv4_is_neither_private_nor_special(address: IPv4Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)


@given(st.ip_addresses(v=6))
def test_what_is_public_of_ipv6_carries_no_other_address(address: IPv6Address) -> None:
    if is_public(address):
        assert address.ipv4_mapped is None
        assert address.sixtofour is None
        assert address.teredo is None
        assert int(address) >> 125 == 1


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_hides_in_an_ipv6_address(address: IPv4Address) -> None:
    number = int(address)
    for hidden in (number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert not is_public(ip_address(hidden.to_bytes(16, "big")))


def test_the_parts_of_an_address() -> None:
    target = read_url("https://Receiver.Example/a/b?c=d")
    assert (target.host, target.port, target.path, target.authority) == (
        "receiver.example",
        443,
        "/a/b?c=d",
        "receiver.example",
    )
    assert read_url("https://[2606:4700::1]:8443").authority == "[2606:4700::1]:8443"
