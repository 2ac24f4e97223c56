"""What a client learns about a person: by scope, and no more (OIDC Core, 5.4)."""

from typing import Any

from gateway.people.repository import person_by_id, sealed_fields
from gateway.provider import Provider
from onestop_runtime.assertion import act_claim
from onestop_runtime.caller import Caller
from onestop_runtime.sql import Connection


async def claims_about(
    provider: Provider, connection: Connection, caller: Caller, scopes: frozenset[str]
) -> dict[str, Any] | None:
    """Return the claims about the person who is `caller`; None when he is not known any more."""
    subject = caller.sub
    person = await person_by_id(connection, subject) if subject else None
    if person is None or subject is None:
        return None
    claims: dict[str, Any] = {"sub": str(subject)}
    name, phone = await sealed_fields(connection, subject)
    if "profile" in scopes:
        opened = await provider.cipher.decrypt(connection, subject, "person", "name", subject, name)
        claims |= {"name": opened.decode(), "preferred_username": person.username}
        if caller.act:
            claims["act"] = act_claim(caller.act)
        if caller.agency:
            claims |= {"agency": caller.agency, "roles": sorted(caller.given_roles)}
    if "phone" in scopes and phone is not None:
        opened = await provider.cipher.decrypt(connection, subject, "person", "phone", subject, phone)
        claims |= {"phone_number": opened.decode(), "phone_number_verified": person.assurance > 0}
    return claims
