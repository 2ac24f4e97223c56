"""`make demo`: the whole case, told step by step; ends well only if every step was checked."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from rich.console import Console
from rich.markup import escape

from onestop_local.checks import StepFailed
from onestop_local.errors import LocalError
from onestop_local.journey import Case, Journey
from onestop_local.stack import Stack
from onestop_local.topics import contract, reached
from onestop_runtime import kafka

_COLOURS = {"期限": "yellow", "证照": "green", "数据共享": "cyan", "任何人": "magenta", "另一企业": "red"}


async def run(stack: Stack, console: Console) -> None:
    """Tell the whole case on a running stack.

    Raises:
        LocalError: when a step did not go as it should.
    """
    console.rule("[bold]一件事：食品经营许可，从一次登录到公示")
    started = time.monotonic()

    def tell(who: str, what: str) -> None:
        colour = _COLOURS.get(who, "bold")
        console.print(f" [{colour}]{escape(who)}[/{colour}]  {escape(what)}", highlight=False)

    try:
        async with _listening(stack, console), Journey(stack, tell) as journey:
            case = await journey.run()
            await asyncio.sleep(0.3)  # the last events are told before the end
    except StepFailed as error:
        raise LocalError(f"演示没有走完：{error}", f"查看各进程的日志：.onestop/{stack.name}/logs") from error
    console.rule(f"[bold green]办结，用时 {time.monotonic() - started:.1f} 秒，每一步都已核对")
    _show(stack, console, case)


@asynccontextmanager
async def _listening(stack: Stack, console: Console) -> AsyncIterator[None]:
    """Tell which events travel while the block runs."""
    consumer = AIOKafkaConsumer(
        **kafka.connection(reached(stack.document["kafka"]["bootstrap"])), auto_offset_reset="latest"
    )
    await consumer.start()
    consumer.subscribe([topic.name for topic in contract()])
    await consumer.getmany(timeout_ms=500)
    await consumer.seek_to_end()
    hearing = asyncio.get_running_loop().create_task(_hear(consumer, console))
    try:
        yield
    finally:
        hearing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await hearing
        await consumer.stop()


async def _hear(consumer: AIOKafkaConsumer, console: Console) -> None:
    async for record in consumer:
        headers = {name: value.decode() for name, value in record.headers}
        name = headers.get("ce_type", "").removeprefix("cn.onestop.")
        console.print(
            f"     [dim]↝ {escape(name)}  #{headers.get('ce_sequence')}  ({record.topic})[/dim]", highlight=False
        )


def _show(stack: Stack, console: Console, case: Case) -> None:
    gateway = stack.document["gateway"]["url"]
    rows = {
        "办事指南": f"{gateway}/api/catalog/v1/guides/{case.code}",
        "办件（需登录）": f"{gateway}/api{case.path}",
        "证照核验": f"{gateway}/api/datashare/v1/licences/{case.licence['identifier']}",
        "信用公示": f"{gateway}/api/credit/v1/records?credit_code=91130371MA7001010P",
        "接口文档": f"{gateway}/docs",
    }
    for name, address in rows.items():
        console.print(f"  {name}  {address}", highlight=False, soft_wrap=True)
