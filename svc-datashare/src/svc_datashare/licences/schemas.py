"""What is shown of a licence to everybody who checks one."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from onestop_legal.working_days import legal_day
from svc_datashare.licences.domain import Licence, Standing
from svc_datashare.schemas import AgencyView


class LicenceView(BaseModel):
    """证照核验结果."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identifier": "1.2.156.3005.2.11100000000013338W032.11130371037100371Q.JY11303710000019.001.D",
                    "number": "JY11303710000019",
                    "name": "食品经营许可证",
                    "holder_kind": "legal",
                    "holder_name": "秦皇岛开发区山海食品有限公司",
                    "issuer": {"code": "11130371037100371Q", "name": "秦皇岛经济技术开发区行政审批局"},
                    "valid_from": "2026-03-20",
                    "valid_to": "2031-03-19",
                    "standing": "valid",
                    "standing_name": "有效",
                    "ended_on": None,
                    "checked_at": "2026-03-21T02:00:00Z",
                }
            ]
        }
    )

    identifier: str = Field(description="电子证照标识")
    number: str = Field(description="证照编号")
    name: str
    holder_kind: str
    holder_name: str = Field(description="持证主体：企业名称公开，个人姓名脱敏")
    issuer: AgencyView
    valid_from: date
    valid_to: date | None = Field(description="为空表示长期有效")
    standing: Standing
    standing_name: str
    ended_on: date | None
    checked_at: datetime

    @classmethod
    def of(cls, licence: Licence, now: datetime) -> "LicenceView":
        """Return the view of a licence as it stands at the instant `now`."""
        standing = licence.standing(legal_day(now))
        return cls(
            identifier=str(licence.identifier),
            number=licence.number,
            name=licence.name,
            holder_kind=licence.holder.kind,
            holder_name=licence.holder.shown_name,
            issuer=AgencyView.of(licence.issuer),
            valid_from=licence.valid_from,
            valid_to=licence.valid_to,
            standing=standing,
            standing_name=standing.label,
            ended_on=licence.ended_on,
            checked_at=now,
        )
