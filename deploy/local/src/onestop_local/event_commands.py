"""`onestop events …`: what the command line says of the events of a running stack."""

import argparse
import asyncio
from typing import Any

from onestop_local import events
from onestop_local.stack import Home, Stack
from onestop_local.terminal import Screen


def flow(home: Home) -> None:
    """Show how the events of every service flow."""
    asyncio.run(events.flow(Stack.read(home.name), Screen().console))


def list_held_up(home: Home, service: str | None) -> None:
    """Show what is held up."""
    asyncio.run(events.show_held_up(Stack.read(home.name), Screen().console, service))


def show(home: Home, service: str, side: str, topic: str, key: str) -> None:
    """Show one event that is held up."""
    asyncio.run(events.show_one(Stack.read(home.name), Screen().console, (service, side, topic, key)))


def replay(home: Home, service: str, side: str | None, topic: str | None, key: str | None) -> None:
    """Have what failed tried again."""
    wanted = {name: value for name, value in (("side", side), ("topic", topic), ("key", key)) if value}
    asyncio.run(events.replay(Stack.read(home.name), Screen().console, service, wanted))


def discard(home: Home, *, sequence: int, reason: str, **place: str) -> None:
    """Go on without an event."""
    named = (place["service"], place["side"], place["topic"], place["key"])
    asyncio.run(events.discard(Stack.read(home.name), Screen().console, named, sequence, reason))


def list_discarded(home: Home, service: str | None) -> None:
    """Show what was discarded."""
    asyncio.run(events.show_discarded(Stack.read(home.name), Screen().console, service))


def rebuild(home: Home, service: str, projection: str, since: str | None) -> None:
    """Have a projection rebuilt."""
    asyncio.run(events.rebuild(Stack.read(home.name), Screen().console, service, projection, since))


def list_rebuilds(home: Home, service: str) -> None:
    """Show the rebuilds of a service."""
    asyncio.run(events.show_rebuilds(Stack.read(home.name), Screen().console, service))


def swap(home: Home, service: str, rebuild_id: str) -> None:
    """Put a rebuild into use."""
    asyncio.run(events.end_rebuild(Stack.read(home.name), Screen().console, service, rebuild_id, "swap"))


def abandon(home: Home, service: str, rebuild_id: str) -> None:
    """Give a rebuild up."""
    asyncio.run(events.end_rebuild(Stack.read(home.name), Screen().console, service, rebuild_id, "abandonment"))


def _place() -> argparse.ArgumentParser:
    """Return the arguments that say where an event is held up."""
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("service", metavar="SERVICE", help="服务，例如 intake")
    place.add_argument("side", metavar="in|out", choices=("in", "out"), help="in 收到的，out 待发送的")
    place.add_argument("topic", metavar="TOPIC", help="主题")
    place.add_argument("key", metavar="KEY", help="对象编号")
    return place


def add_commands(commands: Any, named: argparse.ArgumentParser) -> None:
    """Add `events` and what follows it to the command line."""
    events_parser = commands.add_parser("events", help="查看和处理事件：积压、搁置、重放、放弃")
    words = events_parser.add_subparsers(
        required=True, metavar="flow|list|show|replay|discard|discarded|rebuild|rebuilds|swap|abandon"
    )
    words.add_parser("flow", parents=[named], help="各服务的待发送、积压和搁置").set_defaults(run=flow)
    for word, run, told in (
        ("list", list_held_up, "搁置的事件"),
        ("discarded", list_discarded, "放弃过的事件"),
    ):
        listing = words.add_parser(word, parents=[named], help=told)
        listing.add_argument("--service", help="只看一个服务，例如 intake")
        listing.set_defaults(run=run)
    place = _place()
    words.add_parser("show", parents=[named, place], help="查看一个搁置的事件（脱敏）").set_defaults(run=show)
    giving_up = words.add_parser("discard", parents=[named, place], help="放弃一个事件")
    giving_up.add_argument("--sequence", type=int, required=True, help="所见的第几个")
    giving_up.add_argument("--reason", required=True, help="理由，记入审计")
    giving_up.set_defaults(run=discard)
    again = words.add_parser("replay", parents=[named], help="重放失败的事件，不加条件为全部")
    again.add_argument("service", metavar="SERVICE", help="服务，例如 intake")
    again.add_argument("--side", choices=("in", "out"), help="只重放收到的或待发送的")
    again.add_argument("--topic", help="只重放这一主题")
    again.add_argument("--key", help="只重放这一对象")
    again.set_defaults(run=replay)
    _add_rebuilds(words, named)


def _add_rebuilds(words: Any, named: argparse.ArgumentParser) -> None:
    anew = words.add_parser("rebuild", parents=[named], help="在现用的旁边重建一个投影")
    anew.add_argument("service", metavar="SERVICE", help="服务，例如 intake")
    anew.add_argument("projection", metavar="PROJECTION", help="投影，例如 guides")
    anew.add_argument("--since", help="从此时起的事件重新处理到副本上，例如 2026-03-01T00:00:00Z；缺省从头建起")
    anew.set_defaults(run=rebuild)
    listing = words.add_parser("rebuilds", parents=[named], help="重建的进度和差别")
    listing.add_argument("service", metavar="SERVICE", help="服务，例如 intake")
    listing.set_defaults(run=list_rebuilds)
    for word, run, told in (("swap", swap, "换上重建的内容"), ("abandon", abandon, "放弃重建，现用的不变")):
        ending = words.add_parser(word, parents=[named], help=told)
        ending.add_argument("service", metavar="SERVICE", help="服务，例如 intake")
        ending.add_argument("rebuild_id", metavar="ID", help="重建的编号")
        ending.set_defaults(run=run)
