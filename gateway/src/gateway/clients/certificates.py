"""Certificates of clients (RFC 8705, 2), as the proxy that ends TLS before us passes them on.

That a client holds the key of its certificate is what the proxy has seen in the handshake; for `tls_client_auth` it has
also checked by whom the certificate was issued. Whose it is is looked at here.
"""

import binascii
from base64 import b64decode
from datetime import datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import KeySet
from starlette.requests import Request

from gateway.clients.domain import Client
from gateway.clients.metadata import InvalidClientMetadata

_LONGEST: Final = 16_384


def certificate_in(request: Request, header: str) -> x509.Certificate | None:
    """Return the certificate that a request was sent with; None when there is none, or nothing that can be read.

    Args:
        request: as it comes through `TrustedProxies`, which leaves the header to trusted proxies alone.
        header: its name, from the settings; empty where no proxy passes certificates on.
    """
    values = request.headers.getlist(header) if header else []
    if len(values) != 1 or len(values[0]) > _LONGEST:
        return None
    try:
        return _read(values[0])
    except (ValueError, binascii.Error):
        return None


def names(certificate: x509.Certificate, client: Client) -> bool:
    """Tell whether a certificate is the client's by the name that is registered (RFC 8705, 2.1.2)."""
    if client.tls_client_auth_subject_dn is not None:
        return certificate.subject == x509.Name.from_rfc4514_string(client.tls_client_auth_subject_dn)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return client.tls_client_auth_san_dns in extension.value.get_values_for_type(x509.DNSName)


def is_registered(certificate: x509.Certificate, keys: KeySet) -> bool:
    """Tell whether a certificate is one of those that come with the client's keys (RFC 8705, 2.2.2)."""
    shown = certificate.public_bytes(Encoding.DER)
    return any(shown == b64decode(chain[0]) for key in keys if (chain := key.as_dict(private=False).get("x5c")))


def require_subject(subject: str) -> None:
    """Do nothing when `subject` is a distinguished name as RFC 4514 writes it; raises `InvalidClientMetadata`."""
    try:
        x509.Name.from_rfc4514_string(subject)
    except ValueError as error:
        detail = "证书主体须按 RFC 4514 书写，例如 CN=gateway.example.cn,O=Example,C=CN。"
        raise InvalidClientMetadata(detail, pointer="/tls_client_auth_subject_dn") from error


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a certificate is within its time."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _read(value: str) -> x509.Certificate:
    """Return what `:base64:` (RFC 9440), or PEM as nginx escapes it, stands for."""
    if value.startswith(":") and value.endswith(":"):
        return x509.load_der_x509_certificate(b64decode(value[1:-1], validate=True))
    return x509.load_pem_x509_certificate(unquote_to_bytes(value))
