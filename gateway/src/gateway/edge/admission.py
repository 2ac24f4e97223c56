"""Who may come through: what a route asks of the one who sends a request.

Which rows of a service somebody may see or change is the service's own matter; here it is decided whether a client may
use the route in somebody's name at all, and whether that somebody is known surely enough.
"""

from typing import Final

from gateway.edge.routes import Route
from gateway.people.domain import NotKnownSurelyEnough
from gateway.tokens.access import InsufficientScope, token_type
from gateway.tokens.principal import Principal
from onestop_runtime.problems import NotSignedIn

_THEMSELVES: Final = ("system", "device")
"""Who comes in his own name."""


def require_admitted(route: Route, principal: Principal | None) -> None:
    """Do nothing when `principal`, or nobody, may use `route`.

    A scope limits what a client does in the name of a person who let it. It says nothing about our own clients and
    pages, nor about a system or device that comes in its own name.

    Raises:
        NotSignedIn: when nobody is signed in and the route is not public.
        InsufficientScope: when the person did not let the client do this.
        NotKnownSurelyEnough: when somebody is signed in who is not known surely enough.
    """
    if route.scope is None:
        return
    if principal is None:
        raise NotSignedIn
    if route.scope not in principal.scopes and not (principal.first_party or principal.caller.kind in _THEMSELVES):
        raise InsufficientScope(route.scope, token_type(principal.key))
    if int(principal.caller.acr) < route.level:
        raise NotKnownSurelyEnough(route.level, token_type(principal.key))
