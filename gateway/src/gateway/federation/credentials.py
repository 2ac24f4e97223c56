"""How we prove ourselves at another's provider: by a signed assertion (RFC 7523), or by a secret."""

from base64 import b64encode
from datetime import timedelta
from typing import Final
from urllib.parse import quote_plus
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from gateway.federation.configuration import Registration
from onestop_runtime.clock import Clock
from onestop_runtime.codec import loads

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME: Final = timedelta(minutes=1)


class Credentials:
    """What we prove ourselves with at one provider.

    Attributes:
        key: the private key that signs our assertions; None when we have a secret.
    """

    def __init__(self, registration: Registration, clock: Clock) -> None:
        """Read key or secret; raises `ValueError` when the file holds no private JWK with `alg` and `kid`."""
        self.key = _private_key(registration)
        self._registration = registration
        self._secret = registration.secret_file.read_text().strip() if registration.secret_file else ""
        self._clock = clock

    def proof(self, endpoint: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the header and the parameters by which we prove ourselves at an endpoint."""
        registration = self._registration
        client_id = registration.client_id
        if self.key is None:
            credentials = f"{quote_plus(client_id)}:{quote_plus(self._secret)}"
            return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}, {}
        now = self._clock()
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": registration.issuer if registration.audience == "issuer" else endpoint,
            "iat": int(now.timestamp()),
            "exp": int((now + _LIFETIME).timestamp()),
            "jti": uuid4().hex,
        }
        algorithm = str(self.key.alg)
        header = {"alg": algorithm, "kid": self.key.kid, "typ": "JWT"}
        assertion = jwt.encode(header, claims, self.key, algorithms=[algorithm])
        return {}, {"client_id": client_id, "client_assertion_type": _ASSERTION, "client_assertion": assertion}


def _private_key(registration: Registration) -> ECKey | RSAKey | OKPKey | None:
    if registration.key_file is None:
        return None
    key = import_key(loads(registration.key_file.read_bytes()))
    if not isinstance(key, ECKey | RSAKey | OKPKey) or not key.is_private or not key.alg or not key.kid:
        raise ValueError(f"{registration.key_file.name} 应为带有 alg 和 kid 的私钥（JWK）")
    return key
