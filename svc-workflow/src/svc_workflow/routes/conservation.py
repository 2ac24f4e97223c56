"""The conservation ledger: totals for everybody, findings and checks for those who look after it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from onestop_runtime.cursor import Page, decode_cursor, encode_cursor, page_of
from onestop_runtime.problems import errors
from onestop_runtime.routing import Cursor, Limit, Read, Write, command_router, query_router
from svc_workflow.routes import PREFIX
from svc_workflow.schemas.conservation import ConservationView, FindingView, LegName, RunForm, RunView
from svc_workflow.service import conservation

queries = query_router(PREFIX, ["守恒"])
commands = command_router(PREFIX, ["守恒"])

POLL_SECONDS = 1
Since = Annotated[date | None, Query(description="起始法定日，不填为最早", examples=["2026-03-01"])]
Until = Annotated[date | None, Query(description="截止法定日，不填为今日", examples=["2026-03-31"])]


@queries.get("/conservation", summary="办件守恒：总数（任何人）")
async def read_conservation(tx: Read, since: Since = None, until: Until = None) -> ConservationView:
    """Tell whether every case that entered is somewhere and every decision has what it owes, in totals."""
    return ConservationView.of(await conservation.totals(tx, since, until))


@queries.get("/conservation/findings", summary="办件守恒：不平的逐项")
async def list_findings(
    tx: Read,
    *,
    leg: LegName | None = None,
    resolved: Annotated[bool, Query(description="列出已平的")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[FindingView]:
    """List what does not add up, the oldest first: where, which event should have carried it, how far that came."""
    after = decode_cursor(cursor, datetime, UUID)
    position = (after[0], after[1]) if after else None
    rows = await conservation.findings(tx, leg, position, limit + 1, resolved=resolved)
    page, more = page_of(rows, limit)
    following = encode_cursor(page[-1].first_seen, page[-1].id) if more else None
    return Page(items=[FindingView.of(one) for one in page], next=following)


@commands.post("/conservation/runs", summary="立即对账", status_code=202)
async def request_run(form: RunForm, tx: Write, response: Response) -> RunView:
    """Have all books compared now, or those of a period."""
    run_id = await conservation.request(tx, form.since, form.until)
    response.headers["location"] = f"{PREFIX}/conservation/runs/{run_id}"
    response.headers["retry-after"] = str(POLL_SECONDS)
    return RunView.of(*await conservation.run(tx, run_id))


@queries.get("/conservation/runs/{run_id}", summary="对账的进展和结果", responses=errors(conservation.RunNotFound))
async def read_run(run_id: UUID, tx: Read) -> RunView:
    """Tell whether a check is done, and what its period comes to."""
    return RunView.of(*await conservation.run(tx, run_id))
