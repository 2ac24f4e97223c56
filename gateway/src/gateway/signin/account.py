"""The first page of a person's own account."""

from starlette.requests import Request
from starlette.responses import Response

from gateway.pages import for_people
from gateway.signin.own_pages import visitor


@for_people
async def show_account(request: Request) -> Response:
    """Show who is signed in, and where everything about the account is."""
    return (await visitor(request)).page("account_home")
