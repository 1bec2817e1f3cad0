"""The IP addresses of this machine, from the kernel, and what an address to listen on means.

    /sys/class/net ──SIOCGIFADDR──► IPv4 of each interface        /proc/net/if_inet6 ──► IPv6
    127.0.0.1 ──► is_loopback        ::1 ──in_url──► [::1]

No name is looked up, so nothing blocks.  Netlink would offer more, but the service's sandbox forbids it.  Loopback
addresses are left out, and so are link-local IPv6 addresses, which are useless without the interface.
"""

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

_INTERFACES = Path("/sys/class/net")
_IPV6 = Path("/proc/net/if_inet6")
_SIOCGIFADDR = 0x8915  # the first IPv4 address of an interface
_REQUEST = struct.Struct("16s24x")  # struct ifreq: the name, then room for the answer, a sockaddr_in at byte 16
_ADDRESS = slice(20, 24)  # of its four bytes


def addresses(interfaces: Path = _INTERFACES, ipv6: Path = _IPV6) -> list[str]:
    """IPv4 before IPv6, interfaces sorted by name; empty where the system does not list them."""
    ipv4 = [address for name in _names(interfaces) if (address := _ipv4(name))]
    wide = [address for address in _ipv6(ipv6) if not address.is_link_local]
    return [str(one) for one in ipv4 if not one.is_loopback] + [str(one) for one in wide if not one.is_loopback]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``, a name or an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def in_url(host: str) -> str:
    """``host`` as a URL has it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _names(interfaces: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in interfaces.iterdir())
    except OSError:
        return []


def _ipv4(name: str) -> ipaddress.IPv4Address | None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            answer = fcntl.ioctl(asking, _SIOCGIFADDR, _REQUEST.pack(name.encode()))
    except OSError:  # an interface that has none
        return None
    return ipaddress.IPv4Address(answer[_ADDRESS])


def _ipv6(file: Path) -> list[ipaddress.IPv6Address]:
    try:
        lines = file.read_text(encoding="ascii").splitlines()
        return [ipaddress.IPv6Address(bytes.fromhex(line.split()[0])) for line in lines]
    except (OSError, ValueError, IndexError):
        return []
