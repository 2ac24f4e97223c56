"""A case from its opening to its disclosure, walked by the people it needs; and what they try on the way in vain."""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

from breaking.people import GaveUp, NotRefused, People, Refused
from onestop_local.checks import form_for
from onestop_local.journey import ITEM, PDF, RESOURCE


@dataclass
class Guide:
    """What the applicant reads before."""

    code: str
    answers: dict[str, Any]
    form: dict[str, Any]

    @classmethod
    async def read(cls, people: People) -> "Guide":
        """Return the guide of the item that all cases of the load are of."""
        items = (await people.read("", "/catalog/v1/items", q="食品"))["items"]
        code = next(item["code"] for item in items if item["name"] == ITEM)
        shown = await people.read("", f"/catalog/v1/guides/{code}")
        guide = shown.get("guide", shown)
        answers = {question["id"]: question["options"][0]["value"] for question in guide["questions"]}
        return cls(code, answers, form_for(guide["form"]))


@dataclass
class Walk:
    """One case.

    Attributes:
        id: of the case, once it is opened.
        at: the step that was begun last.
    """

    people: People
    guide: Guide
    chance: random.Random
    id: str = ""
    at: str = "new"

    @property
    def path(self) -> str:
        """Its address in intake."""
        return f"/intake/v1/cases/{self.id}"

    async def run(self) -> None:
        """Walk the whole case; raises `GaveUp` or `Refused` when it does not go on."""
        await self.enter()
        await self.work("reviewer", "task.completed", {"outcome": "pass"})
        await self.work("approver", "decision.made", {"outcome": "granted"})

    async def enter(self) -> None:
        """Have the case accepted, which needs no event to arrive; raises as `run` does."""
        await self.fill_in()
        await self.submit()
        await self.accept()

    async def fill_in(self) -> None:
        """Open the case and fill it in."""
        self.at = "fill in"
        command = self.people.history.begin("intake", "case.opened", "")
        body = {"guide_code": self.guide.code, "answers": self.guide.answers}
        opened = (await self.people.do("agent", command, "POST", "/intake/v1/cases", json=body)).json()
        self.id = command.about = opened["id"]
        command = self._begin("intake", "evidence.obtained")
        await self.people.do("agent", command, "POST", f"{self.path}/evidence", json={"resource": RESOURCE})
        await self._save_form()
        for one in opened["materials"]:
            if one["state"] == "missing" and one["need"] == "1" and not one["covered_by_sharing"]:
                await self._upload(f"{self.path}/materials/{one['code']}")

    async def _save_form(self) -> None:
        """Save the form; a form is saved by version and not by key, so that one saved twice is the same form."""
        while True:
            etag = await self._etag("agent")
            answer = await self.people._send(
                "agent", "PUT", f"{self.path}/form", {"If-Match": etag}, None, json={"form": self.guide.form}
            )
            if answer.is_success:
                return
            if not (await self.people.read("agent", self.path))["form_problems"]:
                return  # saved, and the answer was lost on the way

    async def _upload(self, path: str) -> None:
        headers = {"Content-Type": "application/pdf", "X-File-Name": "m.pdf"}
        answer = await self.people._send("agent", "PUT", path, headers, None, content=PDF)
        if not answer.is_success:
            raise Refused(f"{path}: {answer.status_code} {answer.text[:400]}")

    async def submit(self) -> None:
        """Submit it; who is no agent of the company tries as well."""
        self.at = "submit"
        await self._in_vain("agent_2", "case.submitted", f"{self.path}/submission", etag='"1"')
        etag = await self._etag("agent")
        command = self._begin("intake", "case.submitted")
        await self.people.do("agent", command, "POST", f"{self.path}/submission", etag=etag)

    async def accept(self) -> None:
        """Accept it; somebody who may not tries as well."""
        self.at = "accept"
        etag = await self._etag("window_clerk")
        await self._in_vain("agent", "case.accepted", f"{self.path}/acceptance", etag=etag)
        command = self._begin("intake", "case.accepted")
        await self.people.do("window_clerk", command, "POST", f"{self.path}/acceptance", etag=etag)
        await self._in_vain("window_clerk", "case.accepted", f"{self.path}/acceptance", etag=etag)

    async def work(self, role: str, verb: str, form: dict[str, str]) -> None:
        """Wait for the task, claim it and finish it."""
        self.at = verb
        task = await self.people.until(lambda: self._task(role), f"case {self.id}: {self.at}")
        path = f"/workflow/v1/tasks/{task['id']}"
        command = self._begin("workflow", "task.claimed")
        claimed = (await self.people.do(role, command, "POST", f"{path}/claim")).json()
        etag = f'"{claimed["version"]}"'
        command = self._begin("workflow", verb)
        await self.people.do(role, command, "POST", f"{path}/completion", json=form, etag=etag)
        await self._in_vain(role, verb, f"{path}/completion", service="workflow", json=form, etag=etag)

    async def _in_vain(self, person: str, verb: str, path: str, *, service: str = "intake", **options: Any) -> None:
        """Now and then ask for something that has to be refused."""
        if self.chance.random() > 0.15:
            return
        command = self._begin(service, verb)
        try:
            await self.people.do(person, command, "POST", path, **options)
        except Refused:
            return
        raise NotRefused(f"{person} was not refused {path} ({command.id})")

    async def _task(self, role: str) -> dict[str, Any] | None:
        proceeding = await self.people.read(role, "/workflow/v1/proceedings", case_id=self.id)
        tasks = proceeding["tasks"] if proceeding else ()
        return next((one for one in tasks if one["role"] == role and one["state"] == "open"), None)

    async def _etag(self, person: str) -> str:
        """Return the version that somebody sees, once he sees the case."""

        async def look() -> str | None:
            answer = await self.people.look(person, self.path)
            return answer.headers.get("etag") if answer.is_success else None

        found: str = await self.people.until(look, f"case {self.id}: {self.at}")
        return found

    def _begin(self, service: str, verb: str) -> Any:
        return self.people.history.begin(service, verb, self.id)


class Load:
    """Cases that are walked one after another by a few walkers, until told to stop.

    Attributes:
        finished: cases that were walked to their end.
        entered: cases that were accepted, by people who do not wait for the office: they go on without the broker.
        broken: what stopped a walk, in words; a platform that loses nothing stops none.
    """

    def __init__(
        self, people: People, guide: Guide, seed: int, *, walkers: int, pause: float, entering: int = 0
    ) -> None:
        self.finished: list[str] = []
        self.entered: list[str] = []
        self.broken: list[str] = []
        self._people, self._guide = people, guide
        self._chances = [
            random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable
            for number in range(walkers + entering)
        ]
        self._walkers = walkers
        self._pause = pause
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Return when every walker has finished the case that it was at when `stop` was called."""
        async with asyncio.TaskGroup() as group:
            for number, chance in enumerate(self._chances):
                group.create_task(self._walk(chance, to_the_end=number < self._walkers))

    def stop(self) -> None:
        """Begin no more cases."""
        self._stop.set()

    async def _walk(self, chance: random.Random, *, to_the_end: bool) -> None:
        while not self._stop.is_set():
            walk = Walk(self._people, self._guide, chance)
            try:
                await (walk.run() if to_the_end else walk.enter())
                (self.finished if to_the_end else self.entered).append(walk.id)
            except (GaveUp, Refused, NotRefused) as error:
                self.broken.append(f"{walk.at}: {error}")
            await asyncio.sleep(self._pause * chance.random() * 2)
