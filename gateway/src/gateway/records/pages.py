"""The page on which a person sees his records."""

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.audit_verbs import described
from gateway.oidc.http import query_of
from gateway.pages import for_people
from gateway.records.repository import records_before
from gateway.records.service import NEWEST
from gateway.signin.own_pages import own_visitor
from onestop_runtime.cursor import decode_cursor, encode_cursor, page_of
from onestop_runtime.transaction import acquired

RECORDS: Final = "/account/records"
_PAGE: Final = 50

router = APIRouter(include_in_schema=False)


@for_people
async def show_records(request: Request) -> Response:
    """Show what the audit trail says about the person, the newest first."""
    who = await own_visitor(request)
    position = decode_cursor(query_of(request).get("cursor"), int)
    async with acquired(who.provider.context.pool) as connection:
        found = await records_before(connection, who.person.id, position[0] if position else NEWEST, _PAGE + 1)
    shown, more = page_of(found, _PAGE)
    return who.page(
        "records",
        records=[(it, described(it.verb)) for it in shown],
        me=who.person.id,
        older=encode_cursor(shown[-1].id) if more else None,
    )


router.add_route(RECORDS, show_records, methods=["GET"])
