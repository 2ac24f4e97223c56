"""The mailbox of a stack on one machine: what would have been sent to phones, for who tries things out."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.messages.repository import latest
from gateway.pages import for_people, page
from gateway.provider import provider_of
from onestop_runtime.problems import NotFound
from onestop_runtime.transaction import acquired

_SHOWN: Final = 50
_ZONE: Final = timedelta(hours=8)
"""Asia/Shanghai, which knows no summer time."""

router = APIRouter(include_in_schema=False)


@for_people
async def show_mailbox(request: Request) -> Response:
    """Show the latest messages, the newest first; in production there is no such page."""
    provider = provider_of(request)
    context = provider.context
    if context.settings.environment != "local":
        raise NotFound
    async with acquired(context.pool) as connection:
        messages = await latest(connection, provider.cipher, _SHOWN)
    lines = [(f"{it.asked_at + _ZONE:%m-%d %H:%M:%S}", it.phone, it.message.text) for it in messages]
    return page(request, "mailbox", lines=lines)


router.add_route("/mailbox", show_mailbox, methods=["GET"])
