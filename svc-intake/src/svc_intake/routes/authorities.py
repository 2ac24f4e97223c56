"""受理授权: agencies let halls accept in their name."""

from uuid import UUID

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, IfMatch, Limit, Read, Write, command_router, query_router
from svc_intake.domain.authority import AcceptanceAuthorityNotFound, AuthorityAlreadyEnded, AuthorityNumberTaken
from svc_intake.routes import PREFIX
from svc_intake.schemas.authorities import AuthorityView, EndAuthority, GiveAuthority
from svc_intake.service import authorities

commands = command_router(PREFIX, ["受理授权"])
queries = query_router(PREFIX, ["受理授权"])


@queries.get("/acceptance-authorities", summary="受理授权列表")
async def list_authorities(
    tx: Read, agency: str | None = None, hall: str | None = None, cursor: Cursor = None, limit: Limit = 20
) -> Page[AuthorityView]:
    """List which hall may accept for which agency, by which document."""
    after = decode_cursor(cursor, UUID)
    found = await authorities.page(
        tx, agency_code=agency, hall=hall, after=after[0] if after else None, limit=limit + 1
    )
    page, more = page_of(found, limit)
    return Page(items=[AuthorityView.of(one) for one in page], next=encode_cursor(page[-1].id) if more else None)


@commands.post(
    "/acceptance-authorities", status_code=201, responses=errors(AuthorityNumberTaken), summary="授权大厅受理"
)
async def give_authority(form: GiveAuthority, tx: Write) -> AuthorityView:
    """Let a hall accept, by the head of the agency, with its numbered document and seal."""
    return AuthorityView.of(await authorities.give(tx, form.authority()))


@commands.post(
    "/acceptance-authorities/{authority_id}/end",
    responses=errors(AcceptanceAuthorityNotFound, AuthorityAlreadyEnded),
    summary="终止受理授权",
)
async def end_authority(authority_id: UUID, form: EndAuthority, tx: Write, if_match: IfMatch) -> AuthorityView:
    """Let an authority end; what was accepted stays accepted."""
    return AuthorityView.of(await authorities.end(tx, authority_id, form.valid_to, if_match))
