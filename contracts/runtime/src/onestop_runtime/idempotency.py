"""The second click gets the first answer.

The row is inserted first in the business transaction: a concurrent repeat waits for it (at most the lock time-out),
then gets the stored answer. An error rolls the row back with everything else, so that it can be tried again.
Rows are kept for 48 hours.
"""

import hashlib

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from onestop_runtime.caller import Caller
from onestop_runtime.problems import (
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedHeader,
    RequestInProgress,
)
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import Answer

KEPT_HEADERS = ("etag", "location", "retry-after")
MAX_KEY_LENGTH = 200

_BEGIN = """
INSERT INTO idempotency (caller, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1
"""
_KNOWN = "SELECT fingerprint, status, headers, body FROM idempotency WHERE caller = $1 AND key = $2"
PRUNE = "DELETE FROM idempotency WHERE created_at < clock_timestamp() - interval '48 hours'"


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
        raise MalformedHeader("Idempotency-Key 最长 200 个可见的 ASCII 字符。")
    return key


def owner_of(caller: Caller) -> str:
    """Return whose keys these are: nobody can hit upon somebody else's answer."""
    return f"{caller.sub or caller.client}/{caller.party or ''}"


def fingerprint(request: Request, body: bytes) -> bytes:
    """Return what makes two requests the same: method, path, query, version and body."""
    target = f"{request.method} {request.url.path}?{request.url.query} {request.headers.get('if-match', '')}\n"
    return hashlib.sha256(target.encode() + body).digest()


async def stored_answer(connection: Connection, owner: str, key: str, print_: bytes) -> Response | None:
    """Claim the key for this request, or return the answer given to it before.

    Raises:
        IdempotencyKeyReused: when the key stands for another request.
        RequestInProgress: when the first request takes longer than we wait.
    """
    try:
        if await connection.fetchval(_BEGIN, owner, key, print_):
            return None
    except asyncpg.LockNotAvailableError as error:
        raise RequestInProgress(retry_after=2) from error
    known = await connection.fetchrow(_KNOWN, owner, key)
    if known is None or known["status"] is None:
        raise RequestInProgress(retry_after=2)
    if known["fingerprint"] != print_:
        raise IdempotencyKeyReused("请换一个新的 Idempotency-Key。")
    headers = {**known["headers"], "Idempotency-Replayed": "true"}
    return Response(known["body"], known["status"], headers)


def answer_of(owner: str, key: str, response: Response) -> Answer:
    """Return what has to be kept of `response`."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    if "content-type" in response.headers:
        headers["content-type"] = response.headers["content-type"]
    return Answer(owner, key, response.status_code, headers, bytes(response.body))
