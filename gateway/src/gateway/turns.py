"""How many sign in at once, and how many may wait for it."""

from contextlib import AbstractAsyncContextManager, nullcontext

from starlette.requests import Request

from onestop_runtime.turns import Turns


def sign_in_turns(at_once: int, queue: int) -> Turns:
    """Return turns for people who sign in: they are told that many do, and come back after 5 seconds."""
    return Turns(at_once, queue, detail="当前登录人数过多，请稍后再试。", retry_after=5)


def turn_of(request: Request) -> AbstractAsyncContextManager[None]:
    """Return the turn in which a request is served; none is needed while the gateway has not reached its database."""
    turns = getattr(request.app.state.context.state, "turns", None)
    return turns.turn() if isinstance(turns, Turns) else nullcontext()
