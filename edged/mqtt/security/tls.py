"""The config's TLS keys to an SSL context, and TLS errors to words that say what to do.

    mqtt.tls, ca_file, cert_file, key_file, insecure ──► SSLContext, or None; ConfigError: key, file, what is expected
    an exception of a handshake ──► "the broker's certificate has expired: …"

TLS 1.2 or newer, with the certificate and its name checked.  Python's default context is not used, because its
requirements change with the version of Python, and a home CA that worked must keep working.
"""

import contextlib
import socket
import ssl
from pathlib import Path
from typing import Any, NoReturn

from edged.config.structs import Mqtt
from edged.contract.fields import Trust
from edged.errors import ConfigError
from edged.mqtt.security.password import credential

KEY_CREDENTIAL = "mqtt_key"  # as in the unit: LoadCredential=mqtt_key:/etc/edged/mqtt_key
_OTHERS = 0o077  # bits of a file's mode

# OpenSSL's X509_V_ERR_*, in its x509_vfy.h.
_NOT_YET, _EXPIRED = 9, 10
_OTHER_CA = {2, 18, 19, 20, 21}  # no issuer, self-signed, self-signed in the chain, issuer unknown, leaf unverified
_OTHER_NAME = {62, 64}  # host name, address

_REFUSES_OURS = "the broker requires {} client certificate: mqtt.cert_file and mqtt.key_file"
_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _REFUSES_OURS.format("a"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _REFUSES_OURS.format("a") + ", or other ciphers",
    "TLSV1_ALERT_UNKNOWN_CA": _REFUSES_OURS.format("another") + " from a CA that it trusts",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _REFUSES_OURS.format("another") + ", this one has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _REFUSES_OURS.format("another") + ", this one is revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _REFUSES_OURS.format("another"),
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSES_OURS.format("another"),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _REFUSES_OURS.format("another"),
    "WRONG_VERSION_NUMBER": "the broker does not speak TLS on this port: mqtt.port",
    "RECORD_LAYER_FAILURE": "the broker does not speak TLS on this port: mqtt.port",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the broker offers no TLS 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "the broker offers no TLS 1.2 or newer",
}


class _Socket(ssl.SSLSocket):
    """Closes itself if its handshake fails; paho would leave that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 -- as it is in ssl
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class TlsContext(ssl.SSLContext):
    """Remembers its newest socket, which paho hides until the handshake is done."""

    sslsocket_class = _Socket
    _newest: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:  # noqa: ANN401 -- as it is in ssl
        """As in ssl."""
        self._newest = super().wrap_socket(*arguments, **named)
        return self._newest

    def give_up(self) -> None:
        """Abort a handshake that blocks another thread; an open connection is closed too."""
        if self._newest is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._newest, socket.SHUT_RDWR)  # the other thread still uses the TLS side
            self._newest = None


def trust(mqtt: Mqtt) -> Trust:
    """Whether the broker's certificate is checked."""
    if mqtt.tls == "off":
        return "none"
    return "insecure" if mqtt.insecure else "verified"


def tls_context(mqtt: Mqtt) -> TlsContext | None:
    """The SSL context for the config; None if TLS is off.

    Raises:
        ConfigError: a file named in the config cannot be used.
    """
    if mqtt.tls == "off":
        return None
    context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mqtt.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif mqtt.ca_file:
        _content("mqtt.ca_file", Path(mqtt.ca_file))
        try:
            context.load_verify_locations(mqtt.ca_file)
        except (ssl.SSLError, OSError) as exc:
            raise ConfigError(f"mqtt.ca_file is {mqtt.ca_file!r}, expected a PEM file of CA certificates") from exc
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if mqtt.cert_file:
        _load_own(context, Path(mqtt.cert_file), *_key_file(mqtt))
    return context


def speaks_tls(host: str, port: int, within_s: float) -> bool:
    """Whether TLS is spoken there; nothing is trusted or sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(OSError), socket.create_connection((host, port), within_s) as reached:
        try:
            context.wrap_socket(reached).close()
        except ssl.SSLError as exc:
            return "ALERT" in (exc.reason or "")  # as a server that expects a client certificate
        return True
    return False


def key_hint(mqtt: Mqtt) -> str:
    """A warning if other users can read the private key, else empty."""
    if mqtt.tls == "off" or not mqtt.cert_file:
        return ""
    key, path = _key_file(mqtt)
    if key.endswith("file") and path.stat().st_mode & _OTHERS:
        return f"{key} {str(path)!r} can be read by others: chmod 600"
    return ""


def fault_words(fault: BaseException | None, mqtt: Mqtt) -> str:
    """Why TLS failed and what to do; empty if the failure is not about TLS."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _verification_words(fault, mqtt)
    if isinstance(fault, ssl.SSLEOFError | ConnectionResetError) and mqtt.tls == "on":
        return "the broker closed the TLS handshake: is mqtt.port its TLS port, does it require a client certificate?"
    if isinstance(fault, ssl.SSLError):
        return _ALERTS.get(fault.reason or "", f"TLS: {fault.reason or fault}".replace("_", " ").lower())
    return ""


def _verification_words(fault: ssl.SSLCertVerificationError, mqtt: Mqtt) -> str:
    code = fault.verify_code
    if code == _EXPIRED:
        return "the broker's certificate has expired: renew it there, unless the clock here is wrong"
    if code == _NOT_YET:
        return "the broker's certificate is not valid yet: is the clock here right?"
    if code in _OTHER_NAME:
        return f"the broker's certificate is for another name: mqtt.host is {mqtt.host!r}, expected a name in it"
    if code in _OTHER_CA:
        trusted = mqtt.ca_file or "the system's CAs"
        return f"the broker's certificate is from a CA that is not in {trusted}: mqtt.ca_file"
    return f"the broker's certificate is not valid: {fault.verify_message}"


def _key_file(mqtt: Mqtt) -> tuple[str, Path]:
    """The private key's file and what names it: a key of the config, a credential, or the certificate's file."""
    if mqtt.key_file:
        return "mqtt.key_file", Path(mqtt.key_file)
    if (path := credential(KEY_CREDENTIAL)) is not None:
        return f"credential {KEY_CREDENTIAL}", path
    return "mqtt.cert_file", Path(mqtt.cert_file)


def _load_own(context: ssl.SSLContext, cert: Path, key_name: str, key: Path) -> None:
    """Load our certificate and key; OpenSSL does not say which of the two files is wrong, or why."""
    if b"-----BEGIN CERTIFICATE-----" not in _content("mqtt.cert_file", cert):
        raise ConfigError(f"mqtt.cert_file is {str(cert)!r}, expected a PEM file with a certificate")
    if b"PRIVATE KEY-----" not in _content(key_name, key):
        beside = "" if key_name != "mqtt.cert_file" else f", or mqtt.key_file, or the credential {KEY_CREDENTIAL}"
        raise ConfigError(f"{key_name} is {str(key)!r}, expected a PEM file with a private key{beside}")

    def encrypted() -> NoReturn:  # else OpenSSL asks on the terminal
        raise ConfigError(f"{key_name} is {str(key)!r}: it has a passphrase, expected a key without one")

    try:
        context.load_cert_chain(cert, key, password=encrypted)
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            fault = f"{key_name} is {str(key)!r}, expected the key of mqtt.cert_file ({str(cert)!r})"
        else:
            fault = f"mqtt.cert_file is {str(cert)!r}, {key_name} {str(key)!r}: not valid PEM, expected both to be"
        raise ConfigError(fault) from exc


def _content(key: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except PermissionError as exc:
        raise ConfigError(f"{key} is {str(path)!r}: {exc.strerror}, expected one that this user may read") from exc
    except OSError as exc:
        raise ConfigError(f"{key} is {str(path)!r}: {exc.strerror or exc}, expected a PEM file") from exc
