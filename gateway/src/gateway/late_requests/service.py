"""Use cases of late requests: take each once, carry it out, and keep what came of it.

Wherever the process is killed, nothing is done twice: a request is noted before it is sent and carries the
`Idempotency-Key` by which the service knows it again; one without an answer is sent again when the terminal repeats it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter

from gateway.clients.domain import Client
from gateway.clients.repository import client_by_id, consented_scopes
from gateway.late_requests import repository
from gateway.late_requests.carrying import Answer, Carrier
from gateway.late_requests.domain import (
    HAND_IN_LATER,
    Authority,
    BrokenChain,
    LateRequest,
    NoAuthority,
    OutcomeUnknown,
    Taken,
    WasClosed,
    settles,
)
from gateway.late_requests.signed import key_of, read, root_of
from gateway.oidc.grants import caller_of
from gateway.permissions import PERMISSIONS
from gateway.provider import Provider
from gateway.terminals.domain import Terminal, TerminalNotFound
from gateway.terminals.repository import terminal_of_client
from onestop_legal.errors import NamedError
from onestop_runtime.caller import Caller
from onestop_runtime.fields import Erased
from onestop_runtime.ids import uuid7
from onestop_runtime.logs import logger
from onestop_runtime.transaction import Transaction, acquired

LONGEST_SECONDS: Final = 20.0
"""For how long one batch is carried out; what is left then waits for the next one."""
_HANDLED = Counter("onestop_late_requests_total", "Requests that terminals handed in late", ["outcome"])
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a batch.

    Attributes:
        answers: by sequence; None for those that have to be handed in again.
        next: the sequence to go on with.
        missing: the first sequence that is missing before others of the batch, if any.
    """

    answers: dict[int, Answer | None]
    next: int
    missing: int | None


@dataclass(frozen=True, slots=True)
class _Door:
    """By which way requests of one terminal come in."""

    provider: Provider
    carrier: Carrier
    device: Caller
    terminal: Terminal
    client: Client
    key: str


async def hand_in(provider: Provider, carrier: Carrier, device: Caller, signed: Sequence[str]) -> Report:
    """Carry out what a terminal kept while its line was lost, in its order, each request once.

    Args:
        provider: the running provider.
        carrier: brings a request to its service.
        device: the terminal.
        signed: the requests, each as it was signed.

    Raises:
        NotPermitted: when a terminal is asked for and somebody else comes.
        FieldErrors: naming each request that is malformed or not signed by the terminal.
        BrokenChain: when they do not follow what was handed in before.
    """
    PERMISSIONS.require(device, "late-request.hand-in")
    async with acquired(provider.context.pool) as connection:
        terminal = await terminal_of_client(connection, device.client)
        client = await client_by_id(connection, device.client)
        key = key_of(client, terminal.key) if client and terminal else None
        if terminal is None or client is None or key is None or terminal.key is None:
            raise TerminalNotFound
        batch = read(signed, key)
        sequences = [it.sequence for it in batch]
        root = root_of(terminal.key)
        chain = await repository.chain_of(connection, terminal.key, root, min(sequences), max(sequences))
    door = _Door(provider, carrier, device, terminal, client, terminal.key)
    try:
        count, missing = chain.in_order(batch)
    except BrokenChain:
        async with provider.transaction(device) as tx:
            tx.audit("late-request.chain-broken", key=terminal.id)
        log.warning("late requests do not follow each other", client=client.client_id)
        raise
    answers = await _in_turn(door, batch[:count])
    report = Report({it.sequence: answers.get(it.sequence) for it in batch}, _next(batch, answers, missing), missing)
    waiting = len(batch) - len(answers)
    log.info("late requests", client=client.client_id, answered=len(answers), waiting=waiting, missing=missing)
    return report


async def _in_turn(door: _Door, batch: Sequence[LateRequest]) -> dict[int, Answer]:
    """Carry out requests one after another, up to the first that gets no last word, or until the time is over."""
    answers: dict[int, Answer] = {}
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_SECONDS
    for it in batch:
        answer = await _settled(door, it) if loop.time() < until else None
        if answer is None:
            break
        answers[it.sequence] = answer
    return answers


async def _settled(door: _Door, request: LateRequest) -> Answer | None:
    """Return the answer to a request: the one that was kept, or its service's; None when that is not the last word."""
    taken, outcome = await _take(door, request)
    if isinstance(outcome, Answer):
        return outcome
    caller, authority = outcome
    answer = await door.carrier.carry(request, caller, authority.scopes)
    if not settles(answer.status, answer.problem):
        _HANDLED.labels("unsettled").inc()
        return None
    async with door.provider.transaction(caller) as tx:
        if not await _keep(tx, door, taken, answer):
            known = await repository.find(tx.connection, door.key, request.sequence)
            return await _opened(tx, door, known or taken)
        detail = {"status": answer.status, "made_at": request.made_at.isoformat(), "grant": str(request.grant_id)}
        tx.audit("late-request.carried-out", key=taken.id, detail=detail)
    _HANDLED.labels("carried-out").inc()
    return answer


async def _take(door: _Door, request: LateRequest) -> tuple[Taken, Answer | tuple[Caller, Authority]]:
    """Note that a request comes; return its answer if there is one, else in whose name it is to be sent.

    A refusal is an answer, too. What was sent before and has no answer is not refused any more: it may have been done.
    """
    while True:
        async with door.provider.transaction(door.device) as tx:
            known = await repository.find(tx.connection, door.key, request.sequence)
            if known is not None and known.digest != request.digest:
                raise BrokenChain(f"第 {request.sequence} 号请求与已收到的不同。")
            if known is not None and known.answer is not None:
                return known, await _opened(tx, door, known)
            outcome: NamedError | tuple[Caller, Authority]
            try:
                outcome = await _judged(tx, door, request, known)
            except NamedError as refusal:
                outcome = refusal if known is None else OutcomeUnknown()
            taken = known or await _noted(tx, door, request, outcome)
            if taken is None:
                continue  # another batch has taken it meanwhile
            if not isinstance(outcome, NamedError):
                return taken, outcome
            answer = Answer.of_error(outcome)
            await _keep(tx, door, taken, answer)
            tx.audit("late-request.refused", key=taken.id, detail={"problem": answer.problem})
        _HANDLED.labels("refused").inc()
        return taken, answer


async def _judged(tx: Transaction, door: _Door, request: LateRequest, known: Taken | None) -> tuple[Caller, Authority]:
    """Return in whose name, and on whose authority, a request is sent.

    It had to be granted when the request was made; what was taken back since is respected: the consent, the mandate.

    Raises:
        TooLate, NotYet, NotCarried, OutcomeUnknown, WasClosed, NoAuthority.
    """
    if known is None:
        request.require_timely(tx.now)
        request.require_carriable()
    else:
        known.require_repeatable(tx.now)
    if door.terminal.closes_at(request.made_at) is None:
        raise WasClosed
    authority = await repository.authority_of(tx.connection, request.grant_id)
    if authority is None:
        raise NoAuthority
    authority.require_held_at(request.made_at, door.client.client_id)
    if HAND_IN_LATER not in await consented_scopes(tx.connection, authority.person_id, door.client.client_id):
        raise NoAuthority
    caller = await caller_of(tx, door.client, authority)
    if caller is None:
        raise NoAuthority
    return caller, authority


async def _noted(
    tx: Transaction, door: _Door, request: LateRequest, outcome: NamedError | tuple[Caller, Authority]
) -> Taken | None:
    """Take a request; None when another batch has."""
    person_id = None if isinstance(outcome, NamedError) else outcome[1].person_id
    new = Taken(uuid7(), request.sequence, request.digest, person_id, tx.now, None)
    taken = await repository.take(tx.connection, new, door.terminal.id, door.key, request.made_at)
    return new if taken else None


async def _keep(tx: Transaction, door: _Door, taken: Taken, answer: Answer) -> bool:
    subject, plain = taken.person_id or door.terminal.id, answer.as_bytes()
    sealed = await door.provider.cipher.encrypt(tx.connection, subject, "late_request", "answer", taken.id, plain)
    return await repository.keep_answer(tx.connection, taken.id, sealed, tx.now)


async def _opened(tx: Transaction, door: _Door, taken: Taken) -> Answer:
    subject, cipher = taken.person_id or door.terminal.id, door.provider.cipher
    try:
        plain = await cipher.decrypt(tx.connection, subject, "late_request", "answer", taken.id, taken.answer or b"")
    except Erased:
        return Answer.of_error(OutcomeUnknown())
    return Answer.from_bytes(plain)


def _next(batch: Sequence[LateRequest], answers: dict[int, Answer], missing: int | None) -> int:
    """Return the first sequence without an answer, also when it is not in the batch, or the one behind all."""
    open_ones = [it.sequence for it in batch if it.sequence not in answers]
    return min(open_ones if missing is None else [*open_ones, missing], default=batch[-1].sequence + 1)
