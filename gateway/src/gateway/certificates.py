"""The certificate with which a client has opened its connection, as the proxy before us passes it on (RFC 8705).

TLS ends at that proxy, so it says which certificate was shown: in a header of the settings, which is believed from
trusted proxies alone and comes to us under a name of our own. It is written as RFC 9440 has it, or as PEM in URL
encoding, as nginx and others have it.
"""

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from onestop_runtime.clock import Clock

HEADER: Final = b"onestop-client-certificate"
"""How the header is called behind `TrustedProxies`; from outside it does not come through."""
_LONGEST: Final = 16 * 1024
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


class Certificates:
    """Reads the certificates of connections, and knows who vouches for them.

    Args:
        authorities: certificates of the authorities whose word is taken.
        clock: what tells the time.
    """

    def __init__(self, authorities: Sequence[x509.Certificate], clock: Clock) -> None:
        self._authorities = tuple(authorities)
        self._clock = clock

    @classmethod
    def vouched_for_by(cls, file: Path | None, clock: Clock) -> "Certificates":
        """Return certificates that are vouched for by the authorities in a PEM file; by nobody without one."""
        authorities = x509.load_pem_x509_certificates(file.read_bytes()) if file else []
        return cls(authorities, clock)

    def shown(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """Return the certificate, in DER, of the connection that a request came over; None when it had none."""
        return next((der_of(value) for name, value in headers if name == HEADER), None)

    def is_current(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is within its time."""
        return certificate.not_valid_before_utc <= self._clock() <= certificate.not_valid_after_utc

    def vouches_for(self, certificate: x509.Certificate) -> bool:
        """Tell whether one of the authorities that are within their time has issued a certificate."""
        return any(self.is_current(it) and _issued(certificate, it) for it in self._authorities)


def der_of(written: bytes) -> bytes | None:
    """Return the certificate in DER that a header names; None when it names none."""
    if len(written) > _LONGEST:
        return None
    if written.startswith(b":"):
        encoded = written.strip(b":")
    else:
        encoded = unquote_to_bytes(written).partition(_BEGIN)[2].partition(_END)[0]
    try:
        return b64decode(b"".join(encoded.split()), validate=True) or None
    except binascii.Error:
        return None


def thumbprint(der: bytes) -> str:
    """Return `x5t#S256` of a certificate."""
    return urlsafe_b64encode(sha256(der).digest()).decode().rstrip("=")


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
        limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    except (InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound, ValueError, TypeError):
        return False
    return limits.value.ca
