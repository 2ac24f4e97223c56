"""The whole case, over HTTP through the gateway: from one sign-in to a disclosed licence.

Every step is checked; the first that is not as it should be raises `StepFailed`. The demo tells it to a person,
the journey tests run it as it is.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx

from onestop_local.browser import Api, Browser, Session
from onestop_local.checks import COMPANY, LIGHTS, check, day, eventually, expect, expect_list, form_for
from onestop_local.stack import Stack

ITEM = "食品（含保健食品）经营许可核发"
RESOURCE = "FR-YYZZ-001"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)

Tell = Callable[[str, str], None]
"""Takes who acts and what happened."""


def silent(who: str, what: str) -> None:
    """Tell nobody."""
    del who, what


@dataclass
class Case:
    """What is known about the case so far."""

    code: str = ""
    id: str = ""
    number: str = ""
    etag: str = ""
    proceeding_id: str = ""
    licence: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its address in intake."""
        return f"/intake/v1/cases/{self.id}"


class Journey:
    """The people of one case and what they do, in order."""

    def __init__(self, stack: Stack, tell: Tell = silent) -> None:
        self.stack = stack
        self.tell = tell
        self.case = Case()
        self.position: str | None = None  # of what was done last: who reads next sees it
        self._open = AsyncExitStack()
        self._browsers: dict[str, Browser] = {}
        self._apis: dict[str, Api] = {}

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._open.aclose()

    async def run(self) -> Case:
        """Walk the whole case and return what is known about it at the end."""
        await self.sign_in()
        await self.find_item()
        await self.open_case()
        await self.prove_by_sharing()
        await self.hand_in()
        await self.submit_twice()
        await self.foreign_eyes()
        await self.name_correction()
        await self.correct()
        await self.accept()
        await self.review()
        await self.check_on_site()
        await self.decide()
        await self.read_result_in_second_client()
        await self.read_disclosure()
        await self.read_who_looked()
        return self.case

    async def api(self, person: str, client: str = "web") -> Api:
        """Return the API as `person` sees it through `client`; signs in when needed."""
        name = f"{person}/{client}"
        if name not in self._apis:
            session = await self.session(person, client)
            self._apis[name] = Api(self.stack, session)
            self._open.push_async_callback(self._apis[name].close)
        return self._apis[name]

    async def session(self, person: str, client: str) -> Session:
        """Sign `person` in to `client`, in the one browser that the person has."""
        if person not in self._browsers:
            self._browsers[person] = await self._open.enter_async_context(Browser(self.stack, person))
        return await self._browsers[person].sign_in(client)

    def nobody(self) -> Api:
        """Return the API as somebody sees it who is not signed in."""
        if "" not in self._apis:
            self._apis[""] = Api(self.stack)
            self._open.push_async_callback(self._apis[""].close)
        return self._apis[""]

    async def sign_in(self) -> None:
        """The agent signs in once, to the portal."""
        agent = await self.api("agent")
        me = expect(await agent.get("/gateway/v1/me"), 200, "我是谁")
        acting = str(me.get("act") or me)
        check(COMPANY in acting, f"经办人应代表 {COMPANY}：{acting}")
        self.tell("经办人", f"登录一次，代表企业 {COMPANY} 办事")

    async def find_item(self) -> None:
        """Anybody finds the item by two characters and reads its guide."""
        found = expect(await self.nobody().get("/catalog/v1/items", q="食品"), 200, "搜索“食品”")["items"]
        match = next((item for item in found if item["name"] == ITEM), None)
        check(match is not None, f"搜索“食品”应找到“{ITEM}”：{[item['name'] for item in found]}")
        assert match  # noqa: S101 - checked in the line above
        self.case.code = match["code"]
        answer = await self.nobody().get(f"/catalog/v1/guides/{match['code']}")
        guide = expect(answer, 200, "办事指南")
        guide = guide.get("guide", guide)
        check(bool(answer.headers.get("etag")), "办事指南应带内容摘要（ETag）")
        days = guide["limits"]
        self.tell(
            "经办人",
            f"搜索“食品”，找到“{ITEM}”；法定 {days['statutory_days']} 个工作日，承诺 {days['promised_days']} 个工作日",
        )

    async def open_case(self) -> None:
        """The agent answers the guide's questions; the business licence need not be handed in."""
        agent = await self.api("agent")
        guide = expect(await self.nobody().get(f"/catalog/v1/guides/{self.case.code}"), 200, "办事指南")
        guide = guide.get("guide", guide)
        answers = {question["id"]: question["options"][0]["value"] for question in guide["questions"]}
        answer = await eventually(lambda: self._try_open(agent, answers), "受理服务取得办事指南")
        case = expect(answer, 201, "新建申请")
        self.case.id, self.case.etag = case["id"], answer.headers["etag"]
        shared = [one["name"] for one in case["materials"] if one["covered_by_sharing"]]
        check("营业执照" in shared, f"营业执照应由共享取得：{case['materials']}")
        asked = [one["name"] for one in case["materials"] if not one["covered_by_sharing"]]
        self.tell("经办人", f"回答引导问题；需提交：{'、'.join(asked)}；营业执照由数据共享核验，无需提交")

    async def _try_open(self, agent: Api, answers: dict[str, str]) -> httpx.Response | None:
        """Return the answer, or None while the guide has not reached intake."""
        body = {"guide_code": self.case.code, "answers": answers}
        answer = await agent.post("/intake/v1/cases", body)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer

    async def prove_by_sharing(self) -> None:
        """The licence base proves the business licence; every access goes into a ledger."""
        agent = await self.api("agent")
        answer = await agent.post(f"{self.case.path}/evidence", {"resource": RESOURCE})
        expect(answer, 201, "共享核验营业执照")
        self.case.etag = answer.headers["etag"]
        self.tell("数据共享", f"依授权从 {RESOURCE} 核验营业执照，结果脱敏，访问记入台账")

    async def hand_in(self) -> None:
        """The agent fills in the form and uploads the rest."""
        agent = await self.api("agent")
        answer = await agent.get(self.case.path)
        case = expect(answer, 200, "办件")
        guide = expect(await self.nobody().get(f"/catalog/v1/guides/{self.case.code}"), 200, "办事指南")
        form = form_for(guide.get("guide", guide)["form"])
        answer = await agent.put(f"{self.case.path}/form", {"form": form}, etag=answer.headers["etag"])
        if answer.status_code == httpx.codes.PRECONDITION_FAILED:  # saved, but the answer was lost on the way
            answer = await agent.get(self.case.path)
        saved = expect(answer, 200, "填写申请表")
        check(not saved["form_problems"], f"申请表应无问题：{saved['form_problems']}")
        missing = [one for one in case["materials"] if one["state"] == "missing" and one["need"] == "1"]
        for one in missing:
            answer = await agent.upload(
                f"{self.case.path}/materials/{one['code']}",
                PDF,
                "application/pdf",
                file_name=quote(f"{one['name']}.pdf"),
            )
            expect(answer, 200, f"上传{one['name']}")
        self.case.etag = answer.headers["etag"]
        self.tell("经办人", f"填好申请表，上传 {len(missing)} 份材料（逐份按内容校验类型、计算摘要）")

    async def submit_twice(self) -> None:
        """The agent submits and clicks twice: one receipt."""
        agent = await self.api("agent")
        key = str(uuid4())
        clicks = await asyncio.gather(
            *(agent.post(f"{self.case.path}/submission", etag=self.case.etag, key=key) for _ in range(2))
        )
        first, second = (expect(click, 201, "提交") for click in clicks)
        check(first == second, "第二次点击应得到同一张收件凭证")
        self.case.number = first["case_number"]
        due = first["answer_due"]
        self.tell("经办人", f"提交并连点两次，只得到一张收件凭证：{self.case.number}")
        self.tell("期限", f"机关应在 {day(due)} 前答复（行政许可法第三十二条），逾期视为受理")

    async def foreign_eyes(self) -> None:
        """Another company's agent finds nothing, a reviewer may not accept."""
        other = await self.api("agent_2")
        answer = await other.get(self.case.path)
        expect(answer, 404, "别的企业查看办件")
        citizen = await self.api("citizen")
        refused = await citizen.post("/catalog/v1/guide-versions", {"guide": {}})
        check(refused.status_code in {403, 422}, f"市民不能编辑办事指南：{refused.status_code}")
        self.tell("另一企业", f"想看这件办件：{answer.status_code} {answer.json()['title']}")

    async def name_correction(self) -> None:
        """The clerk of the comprehensive hall names everything that is missing, once."""
        clerk = await self.api("window_clerk")
        listed = await eventually(lambda: self._in_inbox(clerk), "办件出现在综合窗口")
        check(listed["id"] == self.case.id, "综合窗口的待办")
        answer = await clerk.get(self.case.path)
        shown = expect(answer, 200, "窗口查看办件")
        material = next(one for one in shown["materials"] if one["state"] == "handed_in")
        items = [{"material_code": material["code"], "reason": "缺少法定代表人签字，请补签后重新上传。"}]
        answer = await clerk.post(f"{self.case.path}/correction-notice", {"items": items}, etag=answer.headers["etag"])
        notice = expect(answer, 200, "一次性告知补正")["correction_notice"]
        again = await clerk.post(f"{self.case.path}/correction-notice", {"items": items}, etag=answer.headers["etag"])
        check(again.status_code == httpx.codes.CONFLICT, f"补正只能一次性告知：{again.status_code}")
        self.tell("窗口人员", f"一次性告知补正 1 处：{material['name']}（{notice['number']}）；再次告知被拒绝")

    async def _in_inbox(self, clerk: Api) -> dict[str, Any] | None:
        items = expect(await clerk.get("/intake/v1/cases", limit="100"), 200, "窗口待办")["items"]
        return next((item for item in items if item["id"] == self.case.id), None)

    async def correct(self) -> None:
        """The agent corrects and hands in again."""
        agent = await self.api("agent")
        case = expect(await agent.get(self.case.path), 200, "查看补正通知")
        for one in case["correction_notice"]["items"]:
            answer = await agent.upload(
                f"{self.case.path}/materials/{one['material_code']}",
                PDF + b"% signed\n",
                "application/pdf",
                file_name=quote("已签字.pdf"),
            )
            expect(answer, 200, "重新上传")
        answer = await agent.post(f"{self.case.path}/corrections", etag=answer.headers["etag"])
        expect(answer, 200, "提交补正")
        self.tell("经办人", "按通知补正并重新提交")

    async def accept(self) -> None:
        """The clerk accepts within the authority the agency gave the hall; the clock starts."""
        clerk = await self.api("window_clerk")
        answer = await clerk.get(self.case.path)
        answer = await clerk.post(f"{self.case.path}/acceptance", etag=answer.headers["etag"])
        acceptance = expect(answer, 200, "受理")["acceptance"]
        self.position = answer.headers["position-token"]
        check(bool(acceptance["authority_number"]), "受理应写明授权文号")
        self.tell(
            "窗口人员",
            f"依授权 {acceptance['authority_number']} 受理，文号 {acceptance['document_number']}，{acceptance['seal']}",
        )
        self.tell(
            "期限",
            f"自 {acceptance['accepted_on']} 次日起计：承诺 {day(acceptance['promised'])}，"
            f"法定 {day(acceptance['statutory'])}",
        )

    async def review(self) -> None:
        """The reviewer asks for a check on site; it does not stop the statutory clock."""
        reviewer = await self.api("reviewer")
        applied = await eventually(lambda: self._readable(reviewer), "审查人员可以查看申请")
        check(applied["id"] == self.case.id, "审查人员看到的申请")
        await self._finish(reviewer, {"outcome": "on_site_check", "opinion": "首次申请，需现场核查。"}, "要求现场核查")
        proceeding = expect(await reviewer.get("/workflow/v1/proceedings", case_id=self.case.id), 200, "办理过程")
        self.case.proceeding_id = proceeding["id"]
        check(proceeding["statutory"]["deadline"] is not None, "现场核查不停止法定计时")
        self.tell(
            "审查人员",
            f"要求现场核查；法定计时照走，已用 {proceeding['statutory']['used']} 日，"
            f"余 {proceeding['statutory']['remaining']} 日（{LIGHTS[proceeding['statutory']['light']]}）",
        )

    async def _readable(self, reviewer: Api) -> dict[str, Any] | None:
        answer = await reviewer.get(self.case.path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return expect(answer, 200, "审查人员查看申请")

    async def check_on_site(self) -> None:
        """Two officers check on site; one alone is refused."""
        inspector = await self.api("inspector")
        staff = await inspector.get("/workflow/v1/staff", role="inspector")
        officers = [one["person_id"] for one in expect_list(staff, "核查人员")][:2]
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))  # noqa: TID251 - the visit is today
        form = {"outcome": "passed", "opinion": "场所、布局与申报一致。", "officers": officers, "checked_on": today}
        task = await self._claim(inspector, "现场核查")
        alone = await inspector.post(
            f"/workflow/v1/tasks/{task['id']}/completion",
            form | {"officers": officers[:1]},
            etag=f'"{task["version"]}"',
        )
        expect(alone, 422, "一人核查")
        done = await inspector.post(f"/workflow/v1/tasks/{task['id']}/completion", form, etag=f'"{task["version"]}"')
        expect(done, 200, "两人核查")
        self.tell("核查人员", "两名人员现场核查合格（行政许可法第三十四条）；一人核查被拒绝")
        await self._finish(
            await self.api("reviewer"), {"outcome": "pass", "opinion": "核查合格，建议准予。"}, "审查核查结果"
        )
        self.tell("审查人员", "审查核查结果，建议准予")

    async def decide(self) -> None:
        """The approver decides; decision and licence come in one."""
        approver = await self.api("approver")
        await self._finish(approver, {"outcome": "granted", "opinion": "符合法定条件、标准。"}, "决定")
        shown = expect(await approver.get("/workflow/v1/proceedings", case_id=self.case.id), 200, "办理过程")
        self.case.decision = shown["decision"]
        self.case.licence = shown["decision"]["licence"]
        check(self.case.licence["number"].startswith("JY"), f"许可证编号：{self.case.licence['number']}")
        self.tell("决定人员", f"准予：{self.case.decision['document_number']}")
        self.tell(
            "证照", f"{self.case.licence['name']} {self.case.licence['number']}，标识 {self.case.licence['identifier']}"
        )

    async def _claim(self, worker: Api, what: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            answer = await worker.get("/workflow/v1/tasks", position=self.position, limit="100")
            listed = expect(answer, 200, f"{what}待办")["items"]
            return next((one for one in listed if one["case_id"] == self.case.id), None)

        task = await eventually(look, f"任务“{what}”出现在待办")
        return expect(await worker.post(f"/workflow/v1/tasks/{task['id']}/claim"), 200, f"领取{what}")

    async def _finish(self, worker: Api, form: dict[str, Any], what: str) -> None:
        task = await self._claim(worker, what)
        done = await worker.post(f"/workflow/v1/tasks/{task['id']}/completion", form, etag=f'"{task["version"]}"')
        expect(done, 200, what)
        self.position = done.headers.get("position-token", self.position)

    async def read_result_in_second_client(self) -> None:
        """The agent opens a second application without a password and reads the result."""
        session = await self.session("agent", "web_2")
        check(not session.password_asked, "第二个应用不应再要求密码")
        second = Api(self.stack, session)
        self._open.push_async_callback(second.close)

        async def look() -> dict[str, Any] | None:
            case = expect(await second.get(self.case.path, position=self.position), 200, "查看结果")
            return case if case.get("result") and case.get("licence") else None

        case = await eventually(look, "申请人看到结果和证照")
        check(case["state"] == "concluded", f"办件应已办结：{case['state']}")
        check(case["licence"]["number"] == self.case.licence["number"], "申请人看到的证照")
        timeline = expect(await second.get(f"{self.case.path}/timeline"), 200, "办理进度")["items"]
        self.tell(
            "经办人", f"打开第二个应用，无需再输密码；进度 {len(timeline)} 条，结果：{case['result']['document_name']}"
        )

    async def read_disclosure(self) -> None:
        """Anybody reads the disclosure, without signing in."""

        async def look() -> dict[str, Any] | None:
            answer = await self.nobody().get("/credit/v1/records", position=self.position, credit_code=COMPANY)
            page = expect(answer, 200, "信用公示")
            number = self.case.decision["document_number"]
            return next((one for one in page["items"] if one["document_number"] == number), None)

        record = await eventually(look, "许可决定公示")
        check(not record["late"], "公示不应逾期")
        identifier = self.case.licence["identifier"]

        async def registered() -> dict[str, Any] | None:
            answer = await self.nobody().get(f"/datashare/v1/licences/{identifier}", position=self.position)
            return None if answer.status_code == httpx.codes.NOT_FOUND else expect(answer, 200, "证照核验")

        await eventually(registered, "证照入库")
        self.tell("任何人", f"不登录即可查到公示（期限 {record['due_on']}）并核验证照真伪")

    async def read_who_looked(self) -> None:
        """The company reads who looked at its data."""
        agent = await self.api("agent")
        page = expect(await agent.get("/datashare/v1/access-records"), 200, "访问记录")
        mine = [one for one in page["items"] if one["case_id"] == self.case.id]
        check(len(mine) >= 1, "本办件的访问应记在台账")
        other = await self.api("agent_2")
        theirs = expect(await other.get("/datashare/v1/access-records"), 200, "访问记录")["items"]
        check(all(one["case_id"] != self.case.id for one in theirs), "别的企业看不到本企业的访问记录")
        self.tell("企业", f"查看谁看过我的数据：{mine[0]['consumer']['name']}，目的：{mine[0]['purpose']}")
