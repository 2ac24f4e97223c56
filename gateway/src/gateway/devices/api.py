"""The API by which our app on a phone lets in a device that shows a code."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from gateway.clients.our_app import NotOurApp, session_in_our_app
from gateway.devices import service
from gateway.devices.domain import UnknownUserCode
from gateway.devices.routes import origin_of
from gateway.devices.schemas import DeviceAnswer, DeviceApproval, DeviceRequestView, UserCode
from gateway.devices.service import Asking
from gateway.people.domain import CapacityNotHeld, Person
from gateway.people.repository import person_by_id
from gateway.people.routes import PREFIX
from gateway.provider import provider_of
from gateway.signin.domain import Session, TooManyAttempts
from onestop_runtime.caller import Caller
from onestop_runtime.problems import NotSignedIn, errors
from onestop_runtime.routing import Who, stream_router
from onestop_runtime.transaction import Transaction

router = stream_router(PREFIX, ["设备登录"])
_RAISED = (UnknownUserCode, TooManyAttempts, NotOurApp)
_ERRORS = errors(*_RAISED)
_Decide = Callable[[Transaction, Asking, Person, Session], Awaitable[None]]


@router.post("/device-requests/look-ups", summary="查看等待登录的设备", responses=_ERRORS)
async def look_up_device(code: UserCode, caller: Who, request: Request) -> DeviceRequestView:
    """Return which device waits under a code; wrong codes slow down who types them."""
    return DeviceRequestView.of(await _decided(request, caller, code.user_code, None))


@router.post("/device-requests/approval", summary="同意设备登录", responses=errors(*_RAISED, CapacityNotHeld))
async def approve_device(approval: DeviceApproval, caller: Who, request: Request) -> DeviceAnswer:
    """Let a device in, in the person's name."""

    async def approve(tx: Transaction, asking: Asking, person: Person, session: Session) -> None:
        await service.approve(tx, asking, person, session.id, approval.act)

    await _decided(request, caller, approval.user_code, approve)
    return DeviceAnswer(state="approved")


@router.post("/device-requests/refusal", summary="拒绝设备登录", responses=_ERRORS)
async def refuse_device(code: UserCode, caller: Who, request: Request) -> DeviceAnswer:
    """Refuse a device."""

    async def deny(tx: Transaction, asking: Asking, _person: Person, _session: Session) -> None:
        await service.deny(tx, asking)

    await _decided(request, caller, code.user_code, deny)
    return DeviceAnswer(state="denied")


async def _decided(request: Request, caller: Caller, code: str, decide: _Decide | None) -> Asking:
    """Return the device that waits under a code, after it was decided about; a wrong code is counted, then refused."""
    provider = provider_of(request)
    async with provider.transaction(caller) as tx:
        session = await session_in_our_app(tx, request)
        person = await person_by_id(tx.connection, session.person_id)
        if person is None:
            raise NotSignedIn
        asking = await service.look_up(tx, provider, person, origin_of(request), code)
        if asking is not None and decide is not None:
            await decide(tx, asking, provider.as_proved(person, session.methods), session)
    if asking is None:
        raise UnknownUserCode(pointer="/user_code")
    return asking
