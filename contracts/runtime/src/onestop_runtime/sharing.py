"""Commands that go together: what waits while the database is busy shares one transaction and one wait for the disk.

Each member is a request like any other, with its own caller, handler, events, audit rows and answer. The handlers run
side by side; where they wait for the same reading, one statement serves them all (`Transaction.together`), and what
they write is written in one (`Transaction.later`). A member that is refused has written nothing and leaves; the others
go on. When the transaction itself fails, each member is told `NotTogether` and goes alone.

Members of one transaction concern different aggregates, so that none of them waits for another, and none sees what
another has not written yet.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from onestop_runtime.caller import Caller
from onestop_runtime.logs import logger
from onestop_runtime.problems import Overloaded
from onestop_runtime.sql import Connection
from onestop_runtime.transaction import R, ReadAll, T, Transaction, acquired, commit, flush, roll_back

MOST = 32
"""Members of one transaction; more wait for the next."""
MOST_WAITING = 8 * MOST
"""Requests that wait for a transaction of a lane; the next one is told to come back."""
SIDE_BY_SIDE = 2
"""Transactions of one lane at a time: one computes while the other waits for the disk."""

log = logger(__name__)


class NotTogether(Exception):
    """The shared transaction did not come about; nothing was done."""


class _InTurn:
    """A connection whose users take turns, until a statement of one fails: what the others did is then lost as well.

    Attributes:
        broken: whether the transaction is over for all of them.
    """

    def __init__(self, connection: Connection) -> None:
        self.broken = False
        self._connection = connection
        self._turn = asyncio.Lock()

    async def _run(self, method: str, *arguments: Any) -> Any:
        async with self._turn:
            if self.broken:
                raise NotTogether
            try:
                return await getattr(self._connection, method)(*arguments)
            except Exception as error:
                self.broken = True
                raise NotTogether from error
            except BaseException:
                self.broken = True
                raise

    async def fetch(self, *arguments: Any) -> Any:
        return await self._run("fetch", *arguments)

    async def fetchrow(self, *arguments: Any) -> Any:
        return await self._run("fetchrow", *arguments)

    async def fetchval(self, *arguments: Any) -> Any:
        return await self._run("fetchval", *arguments)

    async def execute(self, *arguments: Any) -> Any:
        return await self._run("execute", *arguments)

    async def executemany(self, *arguments: Any) -> Any:
        return await self._run("executemany", *arguments)


def _future() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, kw_only=True, eq=False)
class Member(Transaction):
    """One command's part of a shared transaction."""

    aggregate: Hashable
    opened: "asyncio.Future[None]" = field(default_factory=_future)
    committed: "asyncio.Future[None]" = field(default_factory=_future)
    group: "_Group | None" = None

    async def together(self, read: ReadAll[T, R], wanted: T) -> R:
        """Wait until every member waits or is done, then share the reading."""
        assert self.group  # noqa: S101 - handlers run in opened transactions only
        return await self.group.ask(self, read, wanted)


class Lane:
    """Where the requests of one route meet."""

    def __init__(self, after_commit: Callable[[], None]) -> None:
        self._after_commit = after_commit
        self._waiting: list[Member] = []
        self._serving = 0  # tasks that look after this lane
        self._open = 0  # those of them with a transaction under way
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def transaction(
        self, pool: asyncpg.Pool, aggregate: Hashable, caller: Caller, now: datetime
    ) -> AsyncIterator[Transaction]:
        """Run the body as a member of the next shared transaction.

        Args:
            pool: where the connection comes from.
            aggregate: what the command concerns; no two members concern the same.
            caller: on whose authority the change happens.
            now: the instant of the change.

        Raises:
            NotTogether: when the transaction failed; nothing was done, and the body may run again.
            Overloaded: when too many wait already, or no connection is free.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded(retry_after=1)
        member = Member(None, now, caller, aggregate=aggregate)
        self._waiting.append(member)
        if self._serving < SIDE_BY_SIDE:
            self._serving += 1
            task = asyncio.get_running_loop().create_task(self._serve(pool))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            await member.opened
            yield member
        except BaseException:
            if member.group:
                member.group.leave(member)
            raise
        assert member.group  # noqa: S101 - it was opened
        member.group.finish(member)
        await member.committed

    async def _serve(self, pool: asyncpg.Pool) -> None:
        """Open transactions as long as somebody waits."""
        try:
            await asyncio.sleep(0)  # who came in the same turn of the loop comes along
            while members := self._admit():
                self._open += 1
                try:
                    await _Group(members).run(pool, self._after_commit)
                finally:
                    self._open -= 1
        finally:
            self._serving -= 1

    def _admit(self) -> list[Member]:
        """Take those who may share out of the queue; who has given up meanwhile is forgotten.

        Each transaction that could be opened takes an equal part of the queue: were the first to take them all, the
        service would wait whenever the database works, and the database whenever the service does.
        """
        admitted: dict[Hashable, Member] = {}
        left = []
        most = min(MOST, math.ceil(len(self._waiting) / (SIDE_BY_SIDE - self._open)))
        for member in self._waiting:
            if member.opened.done():
                continue
            if len(admitted) < most and member.aggregate not in admitted:
                admitted[member.aggregate] = member
            else:
                left.append(member)
        self._waiting = left
        return list(admitted.values())


@dataclass(slots=True, eq=False)
class _Question:
    """What one member wants to read."""

    member: Member
    wanted: Any
    answer: "asyncio.Future[Any]" = field(default_factory=_future)


class _Group:
    """The members of one transaction, from its opening to its end."""

    def __init__(self, members: list[Member]) -> None:
        self._members = members
        self._at_work: set[Member] = set()
        self._still = asyncio.Event()
        self._asked: dict[ReadAll[Any, Any], list[_Question]] = {}
        self._unanswered: list[_Question] = []
        self._finished: list[Member] = []

    async def ask(self, member: Member, read: ReadAll[T, R], wanted: T) -> R:
        """Return what `read` finds for `wanted`, once every member waits or is done."""
        question = _Question(member, wanted)
        self._asked.setdefault(read, []).append(question)
        self._unanswered.append(question)
        self.leave(member)
        answer: R = await question.answer
        return answer

    def finish(self, member: Member) -> None:
        """Take what the member has collected into the commit."""
        self._finished.append(member)
        self.leave(member)

    def leave(self, member: Member) -> None:
        """Note that the member is not at work."""
        self._at_work.discard(member)
        if not self._at_work:
            self._still.set()

    async def run(self, pool: asyncpg.Pool, after_commit: Callable[[], None]) -> None:
        """Carry the transaction through; every member learns how it ended."""
        try:
            async with acquired(pool) as connection:
                await self._carry_through(connection)
        except Overloaded:
            self._fail(lambda: Overloaded(retry_after=1))
        except Exception as error:  # noqa: BLE001 - whatever it is, the members go alone and meet it there
            cause = error.__cause__ or error
            log.info("requests go alone", requests=len(self._members), error=type(cause).__name__)
            self._fail(NotTogether)
        except BaseException:
            self._fail(NotTogether)
            raise
        else:
            for member in self._finished:
                if not member.committed.done():
                    member.committed.set_result(None)
            if any(member.emits for member in self._finished):
                after_commit()

    async def _carry_through(self, connection: Connection) -> None:
        shared = _InTurn(connection)
        try:
            await shared.execute("BEGIN")
            for member in self._members:
                member.connection, member.group = shared, self
                self._resume(member, member.opened, None)
            while asked := await self._next():
                for read, questions in asked.items():
                    answers = await read(shared, [question.wanted for question in questions])
                    for question, answer in zip(questions, answers, strict=True):
                        self._resume(question.member, question.answer, answer)
            await flush(self._finished)
            await commit(shared)
        except BaseException:
            shared.broken = True
            await asyncio.shield(roll_back(connection))
            raise

    def _resume(self, member: Member, waiting: "asyncio.Future[Any]", result: Any) -> None:
        if not waiting.done():
            self._at_work.add(member)
            waiting.set_result(result)

    async def _next(self) -> dict[ReadAll[Any, Any], list[_Question]]:
        """Wait until no member is at work; return what they ask."""
        while self._at_work:
            self._still.clear()
            await self._still.wait()
        asked, self._asked = self._asked, {}
        return asked

    def _fail(self, error: Callable[[], Exception]) -> None:
        waiting = [question.answer for question in self._unanswered]
        waiting += [future for member in self._members for future in (member.opened, member.committed)]
        for future in waiting:
            if not future.done():
                future.set_exception(error())
                future.exception()  # who has left does not look, and that is no loss
