"""The people and companies of a stack on one machine: made up, each with a role in the whole case.

Identity numbers are valid by their check digit but name a division that issues none, phone numbers lie in a
range that is not assigned: neither can be anybody's.
"""

from dataclasses import dataclass, field

REGION = "130371"
HALL = "130371-H01"
ZONE = "秦皇岛经济技术开发区"
SINCE = "2026-01-01"
"""First day of all demo appointments and mandates."""
REPRESENTED_SINCE = "2022-09-07"
"""By when the demo companies' legal representatives were registered."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company that somebody acts for."""

    credit_code: str
    name: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """What a member of staff does where."""

    agency: str
    agency_name: str
    roles: tuple[str, ...]
    region: str = REGION
    hall: str | None = None


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody who can sign in; the key is also the user name.

    Attributes:
        assurance: how surely known: 2 real name, 3 in person.
        mandates: companies whose mandate the person holds.
        represents: companies whose legal representative the person is.
    """

    key: str
    name: str
    identity_number: str
    phone: str
    assurance: int = 2
    appointment: Appointment | None = None
    mandates: tuple[Company, ...] = field(default=())
    represents: tuple[Company, ...] = field(default=())

    @property
    def acts_for(self) -> tuple[Company, ...]:
        """Companies in whose name the person may act."""
        return self.represents + self.mandates

    @property
    def roles(self) -> tuple[str, ...]:
        """What services know the person as."""
        if self.appointment:
            return self.appointment.roles
        return ("natural", "agent") if self.acts_for else ("natural",)


SHANHAI = Company("91130371MA7001010P", "秦皇岛开发区山海食品有限公司")
BOHAI = Company("91130371MA70083272", "秦皇岛开发区渤海餐饮管理有限公司")
COMPANIES = (SHANHAI, BOHAI)

APPROVAL = ("11130371037100371Q", f"{ZONE}行政审批局")
DATA_BUREAU = ("11130371037107039Y", f"{ZONE}数据和政务服务局")
MARKET = ("11130371037106669W", f"{ZONE}市场监督管理局")
COMMITTEE = ("11130371037100005W", f"{ZONE}管理委员会")
ZHUJIANG = ("1113037103710740XG", f"{ZONE}珠江道街道办事处")


def _staff(number: int, key: str, name: str, identity_number: str, appointment: Appointment) -> DemoPerson:
    return DemoPerson(key, name, identity_number, _phone(number), assurance=3, appointment=appointment)


def _phone(number: int) -> str:
    return f"154000000{number:02d}"


PEOPLE = (
    DemoPerson("citizen", "赵晓梅", "130371198803171020", _phone(1)),
    DemoPerson("citizen_2", "孙立伟", "130371199208250116", _phone(2)),
    DemoPerson("agent", "周海燕", "130371198506121246", _phone(3), mandates=(SHANHAI,)),
    DemoPerson("agent_2", "吴建军", "130371197911080332", _phone(4), mandates=(BOHAI,)),
    _staff(5, "window_clerk", "郑文静", "13037119950204046X", Appointment(*DATA_BUREAU, ("window_clerk",), hall=HALL)),
    _staff(6, "reviewer", "王思远", "130371199005190571", Appointment(*APPROVAL, ("reviewer",))),
    _staff(7, "inspector", "冯志强", "130371198309300616", Appointment(*APPROVAL, ("inspector",))),
    _staff(8, "inspector_2", "陈国栋", "130371198607210731", Appointment(*APPROVAL, ("inspector",))),
    _staff(9, "approver", "李明华", "13037119781215085X", Appointment(*APPROVAL, ("approver",))),
    _staff(10, "head", "张振邦", "130371197410030919", Appointment(*APPROVAL, ("head",))),
    _staff(11, "catalog_editor", "刘雨桐", "130371199604281088", Appointment(*APPROVAL, ("catalog_editor",))),
    _staff(12, "catalog_publisher", "杨晓东", "130371198401161137", Appointment(*APPROVAL, ("catalog_publisher",))),
    _staff(13, "data_steward", "黄丽娟", "130371198907071227", Appointment(*MARKET, ("data_steward",))),
    _staff(14, "supervisor", "徐正平", "130371197602221373", Appointment(*COMMITTEE, ("supervisor",))),
    _staff(
        15,
        "township_agent",
        "马春兰",
        "13037119870911146X",
        Appointment(*ZHUJIANG, ("township_agent",), region="130371001"),
    ),
    _staff(16, "operator", "朱天宇", "130371199306301511", Appointment(*DATA_BUREAU, ("operator",))),
    _staff(17, "admin", "胡建新", "130371198108141639", Appointment(*DATA_BUREAU, ("admin",))),
    DemoPerson("representative", "张海山", "130371197005180315", _phone(18), represents=(SHANHAI,)),
    DemoPerson("representative_2", "刘渤", "130371197609230416", _phone(19), represents=(BOHAI,)),
)
