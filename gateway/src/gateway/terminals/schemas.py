"""What the API takes and says about terminals."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from gateway.terminals.domain import Opening, Terminal
from onestop_legal.errors import FieldError, FieldErrors

_TIME: Final = r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_EXAMPLE: Final[dict[str, Any]] = {
    "name": "一号自助终端",
    "place": "秦皇岛开发区综合服务大厅一楼东侧",
    "region": "130371",
    "hall": "130371-H01",
    "agency": "11130371037100371Q",
    "hours": [{"days": [1, 2, 3, 4, 5], "opens": "08:30", "closes": "17:30"}],
    "idle_seconds": 90,
    "stay_seconds": 900,
}
_ID: Final = "0190a5f0-0000-7000-8000-000000000011"


class OpeningView(BaseModel):
    """Days of the week and times at which a terminal is open, in Asia/Shanghai 服务时间."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": _EXAMPLE["hours"]})

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        description="星期几：1 为星期一，7 为星期日", min_length=1, max_length=7
    )
    opens: str = Field(description="开始时间（北京时间）", pattern=_TIME)
    closes: str = Field(description="结束时间（北京时间），24:00 为当天结束", pattern=_TIME)

    @classmethod
    def of(cls, opening: Opening) -> "OpeningView":
        """Return what is shown of an opening."""
        return cls(days=sorted(opening.days), opens=_shown(opening.opens), closes=_shown(opening.closes))


class TerminalFields(BaseModel):
    """What is known of a terminal 自助终端."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: str = Field(description="名称", min_length=1, max_length=100)
    place: str = Field(description="所在位置，显示给办事人", min_length=1, max_length=150)
    region: str = Field(description="行政区划代码", pattern="^[0-9]{6}$")
    hall: str | None = Field(default=None, description="所在大厅代码", max_length=32)
    agency: str = Field(description="运营部门的统一社会信用代码", pattern="^[0-9A-HJ-NPQRTUWXY]{18}$")
    hours: list[OpeningView] = Field(description="服务时间；其余时间不能使用", min_length=1, max_length=14)
    idle_seconds: int = Field(default=90, description="无操作多少秒后自动退出登录", ge=30, le=600)
    stay_seconds: int = Field(default=900, description="一次登录最长多少秒", ge=60, le=3600)

    def fields(self) -> dict[str, Any]:
        """Return what a terminal is made of; raises `FieldErrors` when hours end before they begin."""
        wrong = [
            FieldError(f"/hours/{place}/closes", "ends-before-start", "结束时间应晚于开始时间")
            for place, it in enumerate(self.hours)
            if _time(it.closes) <= _time(it.opens)
        ]
        if self.stay_seconds < self.idle_seconds:
            wrong.append(FieldError("/stay_seconds", "too-small", "不能短于无操作的时间"))
        if wrong:
            raise FieldErrors(wrong)
        return {
            "name": self.name,
            "place": self.place,
            "region": self.region,
            "hall": self.hall,
            "agency": self.agency,
            "hours": tuple(Opening(frozenset(it.days), _time(it.opens), _time(it.closes)) for it in self.hours),
            "idle": timedelta(seconds=self.idle_seconds),
            "stay": timedelta(seconds=self.stay_seconds),
        }


class TerminalView(TerminalFields):
    """A registered terminal 已登记的自助终端."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "client_id": f"terminal-{_ID}",
                    "state": "active",
                    "enrolled_at": "2026-03-02T01:30:00Z",
                    "version": 3,
                    **_EXAMPLE,
                }
            ]
        }
    )

    id: UUID
    client_id: str = Field(description="终端使用的应用标识")
    state: Literal["waiting", "active", "suspended", "ended"] = Field(description="waiting：尚未启用")
    enrolled_at: datetime | None = Field(description="现用设备密钥的启用时间")
    version: int

    @classmethod
    def of(cls, terminal: Terminal) -> "TerminalView":
        """Return what is shown of a terminal."""
        return cls.model_validate(
            {
                "name": terminal.name,
                "place": terminal.place,
                "region": terminal.region,
                "hall": terminal.hall,
                "agency": terminal.agency,
                "hours": [OpeningView.of(it) for it in terminal.hours],
                "idle_seconds": int(terminal.idle.total_seconds()),
                "stay_seconds": int(terminal.stay.total_seconds()),
                "id": terminal.id,
                "client_id": terminal.client_id,
                "state": terminal.state or "waiting",
                "enrolled_at": terminal.enrolled_at,
                "version": terminal.version,
            }
        )


class EnrolmentCode(BaseModel):
    """A code by which a terminal brings its key 启用码; shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"enrolment_code": "WDJB-MJHT-BCDF", "expires_at": "2026-03-03T01:30:00Z"}],
        }
    )

    enrolment_code: str = Field(description="在终端上输入，只能用一次")
    expires_at: datetime


class Enrolment(BaseModel):
    """A terminal brings the key that it proves to hold by the header `DPoP` 启用."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enrolment_code": "WDJB-MJHT-BCDF"}]})

    enrolment_code: str = Field(description="管理员给出的启用码", min_length=1, max_length=40)


class EnrolledTerminal(BaseModel):
    """What a terminal has to know of itself 已启用的自助终端."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "client_id": f"terminal-{_ID}",
                    "issuer": "https://zwfw.example.cn",
                    "name": "一号自助终端",
                    "place": "秦皇岛开发区综合服务大厅一楼东侧",
                }
            ]
        }
    )

    id: UUID
    client_id: str = Field(description="在令牌端点以 private_key_jwt 证明身份时使用的应用标识")
    issuer: str
    name: str
    place: str


class SuspensionReason(BaseModel):
    """Why a terminal is suspended, or let in again 理由."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "设备遗失，先行停用"}]})

    reason: str = Field(description="理由，记入变更记录", min_length=1, max_length=500)


def _time(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _shown(since_midnight: timedelta) -> str:
    minutes = int(since_midnight.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
