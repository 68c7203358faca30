"""One POST to a receiver, kept away from what a server must not be sent to.

The name is resolved here, every address it has is checked, and the connection goes to the address that was
checked: a name that points elsewhere a moment later changes nothing.  Redirects are not followed; of the
answer only the status is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from queue_server.application.webhooks import WebhookRules

NAT64 = IPv6Network("64:ff9b::/96")
THIS_NETWORK = IPv4Network("0.0.0.0/8")
"""No host has such an address (RFC 1122, section 3.2.1.3), yet a gateway may answer for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a POST; `reason` is empty when the receiver took it (2xx)."""

    status: int | None
    reason: str


def refusal_of(address: str, rules: WebhookRules) -> str:
    """Return why nothing may be sent to an IP address: `loopback`, `private`, `special`; else empty."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return refusal_of(str(ip.ipv4_mapped), rules)
        if ip.sixtofour is not None or ip.teredo is not None or ip in NAT64:
            return "special"  # an IPv4 address in disguise
    if ip.is_loopback:
        return "" if rules.allow_loopback else "loopback"
    if ip in THIS_NETWORK or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
        return "special"
    return "" if ip.is_global or rules.allow_private else "private"


class WebhookPost:
    """Sends to one receiver, one thing at a time."""

    def __init__(self, rules: WebhookRules) -> None:
        self._rules = rules
        self._client = httpx.AsyncClient(
            timeout=rules.timeout_s,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=2),
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send, and wait at most `timeout_s` for a status."""
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                return await self._send(httpx.URL(url), body, headers)
        except (TimeoutError, httpx.TimeoutException):
            return Answer(None, "timeout")
        except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:  # ValueError: no such name
            return Answer(None, f"unreachable: {type(error).__name__}")

    async def _send(self, url: httpx.URL, body: bytes, headers: dict[str, str]) -> Answer:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if refused := refusal_of(address, self._rules):
                return Answer(None, f"refused: {refused} address")
        for address in addresses[:-1]:
            with contextlib.suppress(httpx.ConnectError):  # a name may have an address that nobody listens on
                return await self._send_to(address, url, body, headers)
        return await self._send_to(addresses[-1], url, body, headers)

    async def _send_to(self, address: str, url: httpx.URL, body: bytes, headers: dict[str, str]) -> Answer:
        request = self._client.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},  # the certificate must be the name's
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return Answer(response.status_code, "" if response.is_success else f"status {response.status_code}")
