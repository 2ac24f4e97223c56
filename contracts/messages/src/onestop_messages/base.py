"""The base of every event and the values that several of them share."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

CreditCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
"""统一社会信用代码 (GB 32100) of a company or an agency; public data."""

ImplementationCode = Annotated[str, StringConstraints(min_length=1, max_length=50)]
"""Code of an implementation 实施清单; 31 characters in the national profile."""

RegionCode = Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3})?$")]
"""GB/T 2260 division code, 9 digits for townships."""


LicenceCategory = Annotated[str, StringConstraints(pattern=r"^(普通|特许|认可|核准|登记|其他(-.{1,50})?)$")]
"""许可类别 as 双公示 names it; 其他 may say which."""


TOMBSTONE = "cn.onestop.tombstone.v1"
"""Type of a message without a payload: of its key, a compacted topic keeps nothing."""

DISCARDED = "cn.onestop.discarded.v1"
"""Type of an empty message in the place of one that could not be published: its readers miss none."""


class Value(BaseModel):
    """A part of an event: frozen, tolerant of fields that a later version adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """What happened; subclasses carry the state a consumer needs, so that nobody has to ask back.

    Attributes:
        TYPE: CloudEvents type `cn.onestop.<service>.<noun>.<past participle>.v<N>`.
        TOPIC: Kafka topic; the key is the id of the aggregate.
    """

    TYPE: ClassVar[str]
    TOPIC: ClassVar[str]


class AgencyRef(Value):
    """An agency 部门 by its credit code, with the name to show."""

    code: CreditCode
    name: str


class Party(Value):
    """For whom a case runs: an opaque id, and for companies the public code and name.

    Attributes:
        id: opaque id of the natural or legal person.
        kind: `natural` or `legal`.
        credit_code: only for legal persons.
        name: company name, or the masked name of a natural person (`李*`).
    """

    id: str
    kind: str
    credit_code: CreditCode | None = None
    name: str
