"""Whose a certificate is (RFC 8705, 2).

That a client holds its key is what the proxy that ends TLS before us has seen in the handshake.
"""

from base64 import b64decode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import KeySet

from gateway.clients.domain import Client
from gateway.clients.metadata import InvalidClientMetadata


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
