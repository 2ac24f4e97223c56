"""The second click gets the first answer.

The answer is kept in the transaction of the command. A repeat fails when its own answer is to be kept under the same
key (a concurrent one waits there for the first), or before, since the first has changed what it wants to change; then
everything it did is rolled back and the first answer given. A request that was refused is not kept: it can be tried
again. Rows are kept for 100 hours: what a
terminal hands in late may be 72 hours old and is repeated for 24 more. A confidential answer is not kept at all.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from onestop_runtime import positions
from onestop_runtime.caller import Caller
from onestop_runtime.problems import (
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedHeader,
)
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Answer

KEPT_HEADERS = ("etag", "location", "retry-after", "content-type")
MAX_KEY_LENGTH = 200

_KNOWN = "SELECT fingerprint, status, headers, body FROM idempotency WHERE caller = $1 AND key = $2"
PRUNE = "DELETE FROM idempotency WHERE created_at < clock_timestamp() - interval '100 hours'"


def required_key(request: Request) -> str:
    """Return the request's `Idempotency-Key`.

    Raises:
        IdempotencyKeyRequired: when there is none.
        MalformedHeader: when it is longer than 200 characters or not plain ASCII.
    """
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        raise IdempotencyKeyRequired("请为每一次提交生成一个新的 Idempotency-Key（例如 UUID），重试时保持不变。")
    if len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise MalformedHeader("Idempotency-Key 最长 200 个可见的 ASCII 字符。", pointer="#Idempotency-Key")
    return key


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's claim to be carried out once.

    Attributes:
        owner: whose key it is: nobody can hit upon somebody else's answer.
        fingerprint: hash of method, path, query, version and body.
    """

    owner: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, request: Request, body: bytes, caller: Caller) -> "Claim":
        """Return the claim of `request`; raises `IdempotencyKeyRequired`, `MalformedHeader`."""
        path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
        target = f"{request.method} {path}?{query} {request.headers.get('if-match', '')}\n"
        return cls(
            f"{caller.sub or caller.client}/{caller.party or ''}",
            required_key(request),
            hashlib.sha256(target.encode() + body).digest(),
        )

    def answered(self, response: Response, places: Iterable[positions.Place]) -> Answer:
        """Return what has to be kept of `response`, and of the `places` that the command tells of."""
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        if outline := positions.outline_of(places):
            headers[positions.HEADER] = outline
        return Answer(self.owner, self.key, self.fingerprint, response.status_code, headers, bytes(response.body))


async def stored_answer(connection: Connection, claim: Claim) -> Response | None:
    """Return the answer given to the same request before, or None.

    Raises:
        IdempotencyKeyReused: when the key stands for another request.
    """
    known = await connection.fetchrow(_KNOWN, claim.owner, claim.key)
    if known is None:
        return None
    if known["fingerprint"] != claim.fingerprint:
        raise IdempotencyKeyReused("请换一个新的 Idempotency-Key。")
    headers = {**known["headers"], "Idempotency-Replayed": "true"}
    if outline := headers.get(positions.HEADER):
        headers[positions.HEADER] = await positions.completed(connection, outline)
    return Response(known["body"], known["status"], headers)
