"""How a terminal writes down a request: a compact JWS, signed by its key when the request was made."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from gateway.clients.domain import Client
from gateway.late_requests.domain import LateRequest
from gateway.tokens.dpop import ALGORITHMS
from gateway.tokens.foreign import reading
from onestop_legal.errors import FieldError, FieldErrors

TYPE: Final = "onestop-request+jws"
_READING: Final = reading(ALGORITHMS)
_DIGEST: Final = r"^[A-Za-z0-9_-]{43}$"
_Ascii = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=200)]


class _Payload(BaseModel):
    """What is signed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sequence: int = Field(ge=1, le=2**53)
    previous: str = Field(pattern=_DIGEST)
    made_at: Annotated[datetime, AwareDatetime]
    grant_id: UUID
    method: str = Field(max_length=8)
    path: str = Field(max_length=500)
    idempotency_key: _Ascii
    if_match: _Ascii | None = None
    body: Any = None


def key_of(client: Client, thumbprint: str | None) -> Key | None:
    """Return the key of a client that has this thumbprint."""
    keys = KeySet.import_key_set(dict(client.jwks or {"keys": []})).keys  # type: ignore[arg-type]
    return next((key for key in keys if key.thumbprint() == thumbprint), None)


def read(signed: Sequence[str], key: Key) -> list[LateRequest]:
    """Return the requests that a terminal has signed.

    Raises:
        FieldErrors: naming each that is malformed, or not signed by `key`.
    """
    requests, wrong = [], []
    for place, text in enumerate(signed):
        try:
            requests.append(_read(text, key))
        except (JoseError, ValidationError, ValueError, KeyError, TypeError):
            detail = "不是由本终端的设备密钥签名的请求，或内容不完整"
            wrong.append(FieldError(f"/requests/{place}", "invalid-signed-request", detail))
    if wrong:
        raise FieldErrors(wrong)
    return requests


def root_of(thumbprint: str) -> bytes:
    """Return what the first request under a key follows."""
    return sha256(thumbprint.encode()).digest()


def _read(text: str, key: Key) -> LateRequest:
    found = jws.deserialize_compact(text.encode("ascii"), key, registry=_READING)
    if found.headers().get("typ") != TYPE:
        raise ValueError("not a request")
    payload = _Payload.model_validate_json(found.payload)
    return LateRequest(
        sequence=payload.sequence,
        previous=urlsafe_b64decode(payload.previous + "="),
        digest=sha256(text.encode("ascii")).digest(),
        made_at=payload.made_at,
        grant_id=payload.grant_id,
        method=payload.method,
        path=payload.path,
        idempotency_key=payload.idempotency_key,
        if_match=payload.if_match,
        body=payload.body,
    )
