"""The `claims` parameter (OIDC Core, 5.5): how surely the person has to be known, and who it has to be.

Which other claims a client gets follows from its scopes. To ask for one is no error, and gives nothing more (5.5.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from onestop_runtime.codec import loads


@dataclass(frozen=True, slots=True)
class ClaimsAsked:
    """What a client insists on.

    Attributes:
        levels: of which the person's level has to reach one; any will do when empty.
        subject: who has to sign in; None for anybody.
    """

    levels: frozenset[str] = frozenset()
    subject: UUID | None = None


def read_claims(text: str) -> ClaimsAsked:
    """Return what the parameter insists on.

    A level counts when it is essential for the ID token (5.5.1.1); one that is just wished for, as by `acr_values`,
    refuses nobody.

    Raises:
        ValueError: when it is no such object, or names a subject that is none of ours.
    """
    asked = _object(loads(text))
    id_token, userinfo = _object(asked.get("id_token")), _object(asked.get("userinfo"))
    acr = _object(id_token.get("acr"))
    levels = _values(acr) if acr.get("essential") is True else frozenset[str]()
    subjects = _values(_object(id_token.get("sub"))) | _values(_object(userinfo.get("sub")))
    if len(subjects) > 1:
        raise ValueError("two subjects are asked for")
    return ClaimsAsked(levels, next((UUID(subject) for subject in subjects), None))


def _object(given: Any) -> Mapping[str, Any]:
    """Return an object; null stands for an empty one (5.5.1)."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(given)
    return given


def _values(claim: Mapping[str, Any]) -> frozenset[str]:
    """Return the values that would do for a claim."""
    values = claim["values"] if "values" in claim else [claim["value"]] if "value" in claim else []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError("values are not texts")
    return frozenset(values)
