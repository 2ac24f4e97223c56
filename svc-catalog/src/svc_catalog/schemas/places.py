"""Regions, agencies, halls and the calendar as everybody reads them."""

from datetime import date

from pydantic import BaseModel

from onestop_runtime.examples import example


class RegionView(BaseModel):
    """A region 行政区划."""

    model_config = example(code="130371", name="秦皇岛市经济技术开发区", parent_code="130300", kind="zone")

    code: str
    name: str
    parent_code: str | None
    kind: str


class AgencyView(BaseModel):
    """An agency 部门."""

    model_config = example(
        code="11130371037100371Q",
        name="秦皇岛经济技术开发区行政审批局",
        short_name="秦开审批",
        region="130371",
        parent_code="11130371037100005W",
        review_authority="秦皇岛市人民政府",
        court="秦皇岛市海港区人民法院",
        valid_from="2019-01-01",
        valid_to=None,
    )

    code: str
    name: str
    short_name: str
    region: str
    parent_code: str | None
    review_authority: str
    court: str
    valid_from: date
    valid_to: date | None


class WindowView(BaseModel):
    """A window of a hall 窗口."""

    code: str
    name: str
    kind: str


class HallView(BaseModel):
    """A hall 政务大厅."""

    model_config = example(
        code="130371-H01",
        name="秦皇岛开发区政务服务中心综合大厅",
        region="130371",
        address="秦皇岛经济技术开发区政务服务中心",
        hours="工作日 8:30–12:00，13:30–17:30",
        windows=[
            {"code": "W01", "name": "综合受理 1 号窗口", "kind": "comprehensive"},
            {"code": "W07", "name": "出件窗口", "kind": "issuing"},
        ],
    )

    code: str
    name: str
    region: str
    address: str
    hours: str
    windows: list[WindowView]


class CalendarYearView(BaseModel):
    """A year of the working-day calendar 工作日历."""

    model_config = example(
        year=2019,
        published=True,
        source="《国务院办公厅关于2019年部分节假日安排的通知》",
        holidays=[
            "2019-01-01", "2019-02-04", "2019-02-05", "2019-02-06", "2019-02-07", "2019-02-08", "2019-04-05",
            "2019-05-01", "2019-05-02", "2019-05-03", "2019-06-07", "2019-09-13", "2019-10-01", "2019-10-02",
            "2019-10-03", "2019-10-04", "2019-10-07",
        ],
        workdays=["2019-02-02", "2019-02-03", "2019-04-28", "2019-05-05", "2019-09-29", "2019-10-12"],
    )  # fmt: skip

    year: int
    published: bool
    source: str
    holidays: list[date]
    workdays: list[date]
