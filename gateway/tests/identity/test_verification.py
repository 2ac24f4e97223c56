"""A person is known more surely by proof alone, and never less surely."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from gateway.identity.domain import Facts, IdentityDiffers, IdentityKnown, Level, PersonNotFound
from gateway.identity.service import verify
from gateway.people.service import NewPerson, register_person
from onestop_legal.identity_number import IdentityNumber
from onestop_runtime.ids import uuid7

NAME = "欧阳娜"
NUMBER = "11010519491231002X"
SHOWN = Facts(NAME, IdentityNumber(NUMBER))
CITIZEN = Facts("赵晓梅", IdentityNumber("130371198803171020"))
LOOK_UP = {"identity_number": NUMBER, "purpose": "verification"}
DOCUMENT = {"name": NAME, "identity_number": NUMBER, "purpose": "verification"}


@pytest.fixture
def new_account(gateway: Any) -> Callable[..., Any]:
    """Return a function that registers somebody who is known by his phone."""

    async def make(username: str = "ouyang", name: str = NAME, number: str = NUMBER) -> UUID:
        new = NewPerson(uuid7(), username, "-", name, number, "13800000017", assurance=1)
        async with gateway.transaction() as tx:
            assert await register_person(tx, gateway.context.state.cipher, new)
        return new.id

    return make


@pytest.fixture
def prove(gateway: Any) -> Callable[..., Any]:
    async def prove(person_id: UUID, shown: Facts = SHOWN, level: Level = Level.REAL_NAME) -> None:
        async with gateway.transaction() as tx:
            await verify(tx, gateway.context.state.cipher, person_id, shown, level)

    return prove


async def level_of(gateway: Any, person_id: UUID) -> int:
    level: int = await gateway.context.pool.fetchval("SELECT assurance FROM person WHERE id = $1", person_id)
    return level


async def verified(gateway: Any) -> int:
    count: int = await gateway.context.pool.fetchval("SELECT count(*) FROM outbox WHERE type LIKE '%person.verified%'")
    return count


async def test_a_level_goes_up_by_proof_and_never_down(gateway: Any, new_account: Any, prove: Any):
    person_id = await new_account()
    await prove(person_id, level=Level.IN_PERSON)
    assert (await level_of(gateway, person_id), await verified(gateway)) == (3, 1)
    await prove(person_id, level=Level.REAL_NAME)
    assert (await level_of(gateway, person_id), await verified(gateway)) == (3, 1)


async def test_what_was_only_said_gives_way_to_what_is_proved(gateway: Any, new_account: Any, prove: Any):
    person_id = await new_account(name="欧阳那", number="110105194912310046")
    await prove(person_id)
    assert await level_of(gateway, person_id) == 2
    with pytest.raises(IdentityDiffers):
        await prove(person_id, Facts("欧阳那", SHOWN.identity_number), Level.IN_PERSON)
    assert await level_of(gateway, person_id) == 2


async def test_a_number_is_verified_for_one_account(gateway: Any, new_account: Any, prove: Any):
    squatter, owner = await new_account("squatter"), await new_account("owner")
    await prove(owner)
    with pytest.raises(IdentityKnown):
        await prove(squatter)
    assert [await level_of(gateway, it) for it in (squatter, owner)] == [1, 2]
    with pytest.raises(IdentityKnown):
        await prove(squatter, CITIZEN)


async def test_nobody_is_verified_who_does_not_exist(prove: Any):
    with pytest.raises(PersonNotFound):
        await prove(uuid4())


@pytest.fixture
def post_as(open_browser: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function that posts to the API as somebody who signs in."""

    async def post(username: str, path: str, content: dict[str, str]) -> httpx.Response:
        own = open_browser()
        tokens = await own.tokens(own.asked(), username)
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Idempotency-Key": str(uuid4())}
        response: httpx.Response = await own.post(f"/api/gateway/v1/people/{path}", json=content, headers=headers)
        return response

    return post


async def test_a_clerk_finds_and_verifies_who_stands_before_him(
    gateway: Any, browser: Any, new_account: Any, post_as: Any
):
    person_id = await new_account()
    found = await post_as("clerk", "look-ups", LOOK_UP)
    assert [(it["username"], it["name"], it["acr"]) for it in found.json()] == [("ouyang", "欧**", "1")]
    assert (await post_as("clerk", f"{person_id}/verifications", DOCUMENT)).status_code == 204
    assert await level_of(gateway, person_id) == 3
    assert "综合窗口" in (await browser.messages_to("13800000017"))[0]
    rows = await gateway.context.pool.fetch(
        "SELECT verb, actor, detail FROM audit WHERE key = $1 ORDER BY id", person_id
    )
    assert [row["verb"] for row in rows[1:]] == ["person.looked-up", "person.verified", "person.seen"]
    clerk = await gateway.context.pool.fetchval("SELECT id FROM person WHERE username = 'clerk'")
    assert {row["actor"] for row in rows[1:]} == {clerk}
    assert "verification" in str(rows[-1]["detail"])


async def test_a_clerk_who_finds_nobody_leaves_a_record_too(gateway: Any, post_as: Any):
    assert (await post_as("clerk", "look-ups", LOOK_UP)).json() == []
    assert await gateway.context.pool.fetchval("SELECT count(*) FROM audit WHERE verb = 'person.looked-up'") == 1


@pytest.mark.parametrize(("username", "status"), [("reviewer", 403), ("weak_admin", 401), ("citizen", 403)])
async def test_nobody_else_looks_anybody_up_or_vouches_for_him(
    gateway: Any, new_account: Any, post_as: Any, username: str, status: int
):
    person_id = await new_account()
    assert (await post_as(username, "look-ups", LOOK_UP)).status_code == status
    assert (await post_as(username, f"{person_id}/verifications", DOCUMENT)).status_code == status
    assert await level_of(gateway, person_id) == 1


async def test_a_clerk_does_not_vouch_for_himself(gateway: Any, post_as: Any):
    own = await gateway.context.pool.fetchval("SELECT id FROM person WHERE username = 'clerk'")
    document = {"name": "郑文静", "identity_number": "13037119950204046X", "purpose": "verification"}
    assert (await post_as("clerk", f"{own}/verifications", document)).status_code == 403
    assert await level_of(gateway, own) == 2


async def test_a_wrong_document_is_refused_field_by_field(new_account: Any, post_as: Any):
    path = f"{await new_account()}/verifications"
    wrong = {"name": "?", "identity_number": "1", "purpose": "curiosity"}
    refused = await post_as("clerk", path, wrong)
    assert refused.status_code == 422
    assert [it["pointer"] for it in refused.json()["errors"]] == ["/purpose"]
    refused = await post_as("clerk", path, wrong | {"purpose": "verification"})
    assert {it["pointer"] for it in refused.json()["errors"]} == {"/name", "/identity_number"}
