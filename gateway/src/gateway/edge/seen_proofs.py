"""The proofs of keys (DPoP) that were seen within their time, wherever requests are counted.

A proof that counts once is a rate of one: what remembers rates remembers proofs. So a proof that was shown to one
process is known to all those of a machine, also after a restart, and to other machines where they count together.
"""

from typing import Final

from gateway.edge.limiter import Charge, Limiter, subject
from gateway.edge.rates import Rate, TooManyRequests
from gateway.tokens.dpop import REMEMBERED, Proof

_ONCE: Final = Rate("dpop-proof", 1, int(REMEMBERED.total_seconds()))


class SeenProofs:
    """Notes proofs.

    Args:
        limiter: what requests are counted by.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    @property
    def shared(self) -> bool:
        """Whether other machines are asked, so that `take` has to wait."""
        return self._limiter.shared

    async def take(self, proof: Proof) -> bool:
        """Note a proof; False when it was seen before."""
        try:
            await self._limiter.take([_charge(proof)])
        except TooManyRequests:
            return False
        return True

    def take_here(self, proof: Proof) -> bool:
        """Note a proof without asking other machines; False when it was seen before."""
        try:
            self._limiter.take_here([_charge(proof)])
        except TooManyRequests:
            return False
        return True


def _charge(proof: Proof) -> Charge:
    return subject(_ONCE.name, proof.identifier.hex()), _ONCE
