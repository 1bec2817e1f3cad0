"""Checks that ``mqtt.host`` is only a host's name or address, and says where the rest of a URL belongs.

"mqtts://hub:8884" ──► "is a URL, expected the name alone: host: hub, port: 8884, tls: on"
"""

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

_TLS_SCHEMES = ("mqtts", "ssl", "tls")
_SCHEMES = ("mqtt", "tcp", *_TLS_SCHEMES)
_NAME = re.compile(r"[^\s:/@\[\]]+")


def host_fault(host: str) -> str:
    """What is wrong with ``host``, to follow "mqtt.host"; empty if nothing is.  Never shows a password."""
    if not host.strip():
        return "is empty, expected a host's name or address"
    if _NAME.fullmatch(host) or _is_ipv6(host):
        return ""
    if "://" in host:
        return _url_fault(host)
    name, colon, port = host.rpartition(":")
    name = name.strip("[]")
    if colon and port.isdecimal() and (_NAME.fullmatch(name) or _is_ipv6(name)):
        return f"has a port, expected the name alone: host: {name}, port: {port}"
    return "is not a name, expected a host's name or address alone"


def _url_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return "is a URL, expected a host's name or address alone"
    if parts.scheme not in _SCHEMES or not name:
        return "is a URL, expected a host's name or address alone, of a broker that takes MQTT over TCP"
    keys = [f"host: {name}"]
    if port is not None:
        keys.append(f"port: {port}")
    if parts.scheme in _TLS_SCHEMES:
        keys.append("tls: on")
    return f"is a URL, expected the name alone: {', '.join(keys)}"


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
