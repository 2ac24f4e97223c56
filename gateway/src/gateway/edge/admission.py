"""Who may come through, and how often.

Which rows of a service somebody may see or change is the service's own matter; here it is decided whether a client may
use the route in somebody's name at all, whether that somebody is known surely enough, and whether he comes too often.
"""

from collections.abc import Mapping
from typing import Final

from prometheus_client import Counter

from gateway.edge.client_use import ClientUse, QuotaExhausted
from gateway.edge.limiter import Charge, Limiter, subject
from gateway.edge.origins import Origins
from gateway.edge.rates import Rates, TooManyRequests
from gateway.edge.routes import Route
from gateway.network import network_at
from gateway.people.domain import NotKnownSurelyEnough
from gateway.tokens.access import InsufficientScope
from gateway.tokens.binding import token_type
from gateway.tokens.principal import Principal
from onestop_runtime.problems import NotSignedIn

LIMITED = Counter("onestop_edge_limited_total", "Requests refused by the rate or quota that was exhausted", ["limit"])
_THEMSELVES: Final = ("system", "device")
"""Who comes in his own name."""
_STRAY: Final = "read"
_REMEMBERED: Final = 20_000


Allowance = tuple[bytes, bytes]
"""A rate, and what is left of it: items of `RateLimit-Policy` and `RateLimit`."""


class Admission:
    """Lets requests through that may come.

    Args:
        limiter: counts them.
        use: counts those of each client by days.
        origins: from which pages of others the API may be called.
        rates: what they are held to, by the kind of route.
    """

    def __init__(self, limiter: Limiter, use: ClientUse, origins: Origins, rates: Mapping[str, Rates]) -> None:
        self.limiter = limiter
        self.use = use
        self.origins = origins
        self.rates = rates
        self._charges: dict[tuple[str, str, str], tuple[Charge, ...]] = {}

    async def admit(self, route: Route, principal: Principal | None, address: str) -> Allowance:
        """Let a request through; return what is left.

        Args:
            route: what is asked for.
            principal: who asks; None for nobody.
            address: from where.

        Raises:
            NotSignedIn: when nobody is signed in and the route is not public.
            InsufficientScope: when the person did not let the client do this.
            NotKnownSurelyEnough: when somebody is signed in who is not known surely enough.
            TooManyRequests: when one of those that the request is counted for comes too often.
            QuotaExhausted: when the client has sent as many requests today as it may.
        """
        require_admitted(route, principal)
        charges = self._charges_of(route.rate, principal, address)
        if not self.limiter.shared:
            return self._counted(charges, principal)
        try:
            owed = await self.limiter.take(charges)
        except TooManyRequests as refusal:
            LIMITED.labels(refusal.limit).inc()
            raise
        return self._counted(charges, principal, owed)

    def admit_at_once(self, route: Route, principal: Principal | None, address: str) -> Allowance | None:
        """Let a request through as `admit` does; None when that has to ask other machines."""
        if self.limiter.shared:
            return None
        require_admitted(route, principal)
        return self._counted(self._charges_of(route.rate, principal, address), principal)

    def _counted(
        self, charges: tuple[Charge, ...], principal: Principal | None, owed: list[float] | None = None
    ) -> Allowance:
        """Count a request, unless it was counted and so much is `owed`; return what is left."""
        try:
            if owed is None:
                owed = self.limiter.take_here(charges)
            if principal is not None:
                self.use.count(principal.client_id)
        except (TooManyRequests, QuotaExhausted) as refusal:
            LIMITED.labels(refusal.limit).inc()
            raise
        told = 1 if len(charges) > 1 else 0  # the person, or who comes in his own name; else the address
        rate = charges[told][1]
        return rate.policy, rate.left(owed[told])

    async def count(self, kind: str, address: str, client_id: str = "") -> None:
        """Count a request that is no call of the API, for its address and for a client; raises `TooManyRequests`."""
        rates = self.rates[kind]
        charges = [_of_address(rates, address)]
        if client_id:
            charges.append((subject(rates.client.name, client_id), rates.client))
        try:
            await self.limiter.take(charges)
        except TooManyRequests as refusal:
            LIMITED.labels(refusal.limit).inc()
            raise

    def stray(self, address: str) -> None:
        """Count a request that cannot be counted for anybody else; raises `TooManyRequests`."""
        self.limiter.take_here(self._charges_of(_STRAY, None, address))

    def _charges_of(self, kind: str, principal: Principal | None, address: str) -> tuple[Charge, ...]:
        key = (kind, address, principal.token_id if principal else "")
        found = self._charges.get(key)
        if found is None:
            if len(self._charges) >= _REMEMBERED:
                self._charges.clear()
            found = self._charges[key] = tuple(_charges(self.rates[kind], principal, address))
        return found


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
    if route.level and int(principal.caller.acr) < route.level:
        raise NotKnownSurelyEnough(route.level, token_type(principal.key))


def _charges(rates: Rates, principal: Principal | None, address: str) -> list[Charge]:
    """Return whom a request is counted for: its address, the person, the client."""
    charges = [_of_address(rates, address)]
    if principal is None:
        return charges
    caller = principal.caller
    if caller.kind not in _THEMSELVES:
        charges.append((subject(rates.person.name, str(caller.sub)), rates.person))
    if principal.client_id:
        charges.append((subject(rates.client.name, principal.client_id), rates.client))
    return charges


def _of_address(rates: Rates, address: str) -> Charge:
    return subject(rates.address.name, network_at(address)), rates.address
