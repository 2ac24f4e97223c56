"""The API of linked identities, for the person and for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from gateway.federation.domain import Link, LinkNotFound, OnlyWayToSignIn
from gateway.federation.repository import link_by_id, links_of
from gateway.federation.schemas import IdentityView
from gateway.federation.service import inspect, unlink
from gateway.identity.domain import PersonNotFound
from gateway.own_api import principal_of
from gateway.people.domain import NotKnownSurelyEnough, require_assurance
from gateway.people.routes import PREFIX
from gateway.permissions import PERMISSIONS
from gateway.provider import provider_of
from gateway.records.domain import REFERENCE, InspectionPurpose
from gateway.signin.domain import SignInTooOld, require_recent
from onestop_runtime.problems import NotSignedIn, errors
from onestop_runtime.routing import Read, Write, command_router, query_router

queries = query_router(PREFIX, ["身份"])
inspections = command_router(PREFIX, ["身份"], idempotency=False)
commands = command_router(PREFIX, ["身份"])

_OTHERS_NEED = 2
"""Who sees or takes back the links of others has to be known by his real name."""


@queries.get("/identities", summary="我关联的第三方身份")
async def my_identities(tx: Read, request: Request) -> list[IdentityView]:
    """Return with which identities of other providers the person may sign in, the oldest first."""
    if tx.caller.sub is None:
        raise NotSignedIn
    PERMISSIONS.require(tx.caller, "identity.list", {"person_id": tx.caller.sub})
    return [_view(request, it) for it in await links_of(tx.connection, tx.caller.sub)]


@inspections.get(
    "/people/{person_id}/identities",
    summary="查阅他人关联的第三方身份",
    responses=errors(PersonNotFound, NotKnownSurelyEnough),
)
async def identities_of_person(
    person_id: UUID,
    tx: Write,
    request: Request,
    *,
    purpose: Annotated[InspectionPurpose, Query(description=InspectionPurpose.told())],
    reference: Annotated[str | None, Query(pattern=REFERENCE, description="依据文书的文号")] = None,
) -> list[IdentityView]:
    """Return the linked identities of somebody, for a purpose; the look is recorded and shown to him."""
    found = await inspect(tx, person_id, purpose, reference)
    return [_view(request, it) for it in found]


@commands.delete(
    "/identities/{identity_id}",
    summary="解除第三方身份的关联",
    status_code=204,
    responses=errors(LinkNotFound, OnlyWayToSignIn, NotKnownSurelyEnough, SignInTooOld),
)
async def unlink_identity(identity_id: UUID, tx: Write, request: Request) -> None:
    """Take a link back, one's own or as an administrator; the sessions that it began end."""
    link = await link_by_id(tx.connection, identity_id)
    if link is None or not PERMISSIONS.permits(tx.caller, "identity.unlink", link):
        raise LinkNotFound
    if link.person_id != tx.caller.sub:
        require_assurance(tx.caller.acr, _OTHERS_NEED)
    require_recent(principal_of(request), tx.now)
    provider_of(request).revoked.add(await unlink(tx, link))


def _view(request: Request, link: Link) -> IdentityView:
    upstream = provider_of(request).upstreams.get(link.provider)
    return IdentityView(
        id=link.id,
        provider=link.provider,
        provider_name=upstream.name if upstream else link.provider,
        linked_by_person=link.linked_by_person,
        linked_at=link.linked_at,
        used_at=link.used_at,
    )
