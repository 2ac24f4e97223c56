"""Evidence by sharing 共享核验: what another agency already holds is not asked of the applicant again.

政务数据共享条例: what can be shared is not collected again. 国务院令 716 第七条: shareable material is not demanded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from onestop_legal.errors import NamedError
from svc_intake.domain.material import Ask


class ResourceNotUsed(NamedError):
    """No material of this case is proved by that resource."""

    slug = "resource-not-used"
    title = "本办件没有可以由该数据资源核验的材料"
    status = 422
    pointer = "/resource"


class NothingOnRecord(NamedError):
    """The source answered that it holds nothing about the applicant; the material can be handed in instead."""

    slug = "nothing-on-record"
    title = "数据源没有该主体的记录，请自行提交材料"
    status = 409


class SharingUnavailable(NamedError):
    """The exchange does not answer at present; the material can be handed in, or the call repeated later."""

    slug = "sharing-unavailable"
    title = "数据共享暂时不可用，可稍后重试或自行提交材料"
    status = 503


class SharingRefused(NamedError):
    """The exchange refused the call, for example because the agency's grant has ended."""

    slug = "sharing-refused"
    title = "数据共享未获授权，请自行提交材料"
    status = 409


@dataclass(frozen=True, slots=True)
class Evidence:
    """The stored answer of the exchange.

    Attributes:
        fields: as the source gave them, masked.
        access_id: the access record in which the data subject finds who looked.
    """

    id: UUID
    resource: str
    material_codes: tuple[str, ...]
    fields: Mapping[str, Any]
    access_id: str | None
    answered_at: datetime


def proved_by(asks: tuple[Ask, ...], resource: str) -> tuple[Ask, ...]:
    """Return the asked materials that the resource proves; raises `ResourceNotUsed` when there is none."""
    proved = tuple(ask for ask in asks if ask.shared_by == resource)
    if not proved:
        raise ResourceNotUsed(f"没有材料由“{resource}”核验。")
    return proved


def legal_representative(evidence: Iterable[Evidence]) -> str | None:
    """Return the masked name of the company's legal representative 法定代表人, None when no source gave it."""
    names = (one.fields.get("legal_representative") for one in evidence)
    return next((str(name) for name in names if name), None)
