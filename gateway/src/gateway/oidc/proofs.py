"""What tokens are bound to at our own endpoints: the key of a DPoP proof, which counts once, or a certificate."""

from starlette.requests import Request

from gateway.certificates import thumbprint
from gateway.clients.domain import Client
from gateway.oidc import repository
from gateway.oidc.errors import OAuthError
from gateway.provider import Provider
from gateway.tokens.binding import of_certificate
from gateway.tokens.challenges import oauth_code
from gateway.tokens.dpop import REMEMBERED, InvalidProof, NonceNeeded, Proof
from onestop_runtime.transaction import Transaction


def proof_of(provider: Provider, request: Request, path: str) -> Proof | None:
    """Return what a request to `path` proves; None when it does not try to.

    Raises:
        OAuthError: `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use.
    """
    given = proofs_in(request)
    if not given:
        return None
    try:
        return provider.proofs.read(given, request.method, path)
    except NonceNeeded as error:
        raise OAuthError(oauth_code(error), "the DPoP proof needs a recent nonce", nonce=error.nonce) from error
    except InvalidProof as error:
        raise OAuthError(oauth_code(error), "the DPoP proof is not valid for this request") from error


def proofs_in(request: Request) -> list[bytes]:
    """Return the values of all `DPoP` headers."""
    return [value for name, value in request.scope["headers"] if name == b"dpop"]


async def binding_of(
    tx: Transaction, provider: Provider, request: Request, client: Client, proof: Proof | None
) -> str | None:
    """Consume a proof, if any; return what tokens of the client are to be bound to, if anything.

    Raises:
        OAuthError: when the proof was used before, or tokens are to be bound to a certificate and none is shown.
    """
    key = await use_proof(tx, proof)
    if key is not None or not client.certificate_bound:
        return key
    shown = provider.certificates.shown(request.scope["headers"]) if provider.certificates else None
    if shown is None:
        raise OAuthError("invalid_request", "the client binds its tokens to its certificate, and shows none")
    return of_certificate(thumbprint(shown))


async def use_proof(tx: Transaction, proof: Proof | None) -> str | None:
    """Consume a proof; return the thumbprint of its key.

    Raises:
        OAuthError: `invalid_dpop_proof` when it was used before; of many at once one succeeds.
    """
    if proof is None:
        return None
    if not await repository.use_proof(tx.connection, proof.identifier, tx.now + REMEMBERED):
        raise OAuthError("invalid_dpop_proof", "the DPoP proof was used before")
    return proof.key
