"""What the person at the terminal sees: progress, addresses, who can sign in, and what went wrong."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from onestop_local.errors import LocalError
from onestop_local.people import PEOPLE, ZONE

_WIDTH = 120
"""Characters per line where there is no terminal to ask."""


class Step:
    """One line of progress."""

    def __init__(self, screen: "Screen", text: str) -> None:
        self._screen = screen
        self._text = text
        self._started = time.monotonic()
        self._task: TaskID | None = screen.begin(text)

    def update(self, detail: str) -> None:
        """Show how far the step is."""
        if self._task is not None:
            self._screen.progress.update(self._task, description=f"{escape(self._text)} [dim]{escape(detail)}[/dim]")

    def done(self, detail: str) -> None:
        """Say that the step is done."""
        self._end("[green]✔[/green]", detail)

    def failed(self) -> None:
        """Say that the step failed."""
        self._end("[red]✘[/red]", "")

    def given_up(self) -> None:
        """Say that the step was not finished, because of another one or of the person."""
        self._end("[dim]–[/dim]", "未完成")

    def _end(self, mark: str, detail: str) -> None:
        if self._task is None:
            return
        self._screen.finish(self._task)
        self._task = None
        took = time.monotonic() - self._started
        self._screen.console.print(
            f" {mark} {escape(self._text)} [dim]{escape(detail)}  {took:.1f} 秒[/dim]", highlight=False
        )


class Screen:
    """The terminal of a command; moving lines on a real terminal, one line per finished step elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(width=None if sys.stdout.isatty() else _WIDTH)
        self.progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), console=self.console, transient=True
        )
        self._live = False

    def __enter__(self) -> Self:
        """Show moving lines until the block ends."""
        if self.console.is_terminal:
            self.progress.start()
            self._live = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the moving lines."""
        if self._live:
            self.progress.stop()
            self._live = False

    def begin(self, text: str) -> TaskID:
        """Add a moving line."""
        return self.progress.add_task(escape(text), total=None)

    def finish(self, task: TaskID) -> None:
        """Remove a moving line."""
        self.progress.remove_task(task)

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Show a step while the block runs; the block calls `done`, an exception marks it as failed."""
        step = Step(self, text)
        try:
            yield step
        except asyncio.CancelledError:
            step.given_up()
            raise
        except BaseException:
            step.failed()
            raise
        step.done("")

    def say(self, text: str, style: str = "") -> None:
        """Print a line."""
        self.console.print(text, style=style, highlight=False, markup=False)


def show_error(error: LocalError) -> None:
    """Print what went wrong and what to do about it."""
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"[bold red]✘[/bold red] {escape(str(error))}", highlight=False)
    if error.advice:
        console.print(f"  → {escape(error.advice)}", highlight=False)


def show_stack(console: Console, document: dict[str, Any], folder: str) -> None:
    """Print the addresses of a ready stack and who can sign in."""
    gateway = document["gateway"]["url"]
    addresses = Table(box=None, show_header=False, padding=(0, 2, 0, 1))
    addresses.add_row("平台入口", gateway)
    addresses.add_row("接口文档", f"{gateway}/docs")
    addresses.add_row("登录配置", f"{gateway}/.well-known/openid-configuration")
    for name, service in document["services"].items():
        addresses.add_row(f"svc-{name}", service["url"], style="dim")
    addresses.add_row("Kafka", document["kafka"]["bootstrap"], style="dim")
    addresses.add_row("状态目录", folder, style="dim")
    people = Table(box=None, padding=(0, 2, 0, 1), header_style="bold")
    for title in ("用户名", "密码", "姓名", "机构或代理企业"):
        people.add_column(title, overflow="fold")
    for one in PEOPLE:
        given = document["people"][one.key]
        office = one.appointment.agency_name.removeprefix(ZONE) if one.appointment else ""
        company = "、".join(company.name for company in one.acts_for)
        people.add_row(given["username"], given["password"], one.name, office or company)
    console.print()
    console.print(addresses)
    console.print()
    console.print(people)
    console.print()
