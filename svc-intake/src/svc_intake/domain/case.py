"""The case 办件 as the applicant lives it: draft, receipt, correction, acceptance or refusal, result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from onestop_legal.errors import FieldError, FieldErrors
from onestop_legal.working_days import Calendar, Deadline, legal_day
from svc_intake.domain import silence
from svc_intake.domain.acceptance import Acceptance, accept
from svc_intake.domain.authority import AcceptanceAuthority
from svc_intake.domain.correction import Correction, CorrectionNotice, name_all
from svc_intake.domain.guide import Guide
from svc_intake.domain.material import HandedIn, missing
from svc_intake.domain.party import Agency, AgencyFacts, Agent, Applicant
from svc_intake.domain.progress import Delivery, Licence, Progress, Result
from svc_intake.domain.receipt import Receipt, received
from svc_intake.domain.refusal import Refusal, RefusalKind, refuse
from svc_intake.domain.state import (
    CaseNotAwaitingAnswer,
    CaseNotConcluded,
    CaseNotEditable,
    CaseNotInCorrection,
    CaseNotWithdrawable,
    State,
)
from svc_intake.domain.timeline import Entry, Happening, entry


@dataclass(slots=True)
class Case:
    """A case; every method is a rule, changes the case and notes what happened.

    Attributes:
        version: goes up with every change.
        hall: where the applicant wants it handled; None where the item has no hall.
        opened_by: opaque id of the person who filled it in, for himself or under `mandate_id`.
        agent: how he is shown when it was for another one.
        answers: question id → chosen value.
        form_complete: whether the saved form is valid against the pinned guide's schema.
        public_fields: the non-personal form fields that the guide names.
        handed_in: material code → what was handed in for it.
        submitted_version: version that the submission made.
        answer_due: until when silence does not accept yet.
        happened: what this unit of work did, oldest first.
    """

    id: UUID
    version: int
    state: State
    item_code: str
    item_name: str
    item_type: str
    guide_version_id: UUID
    agency: Agency
    region: str
    hall: str | None
    applicant: Applicant
    opened_by: UUID
    mandate_id: UUID | None
    channel: str
    created_at: datetime
    agent: Agent | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    form_complete: bool = False
    public_fields: Mapping[str, Any] = field(default_factory=dict)
    handed_in: dict[str, HandedIn] = field(default_factory=dict)
    receipt: Receipt | None = None
    submitted_version: int | None = None
    counted_from: date | None = None
    answer_due: Deadline | None = None
    silence_accepts: bool = False
    notice: CorrectionNotice | None = None
    acceptance: Acceptance | None = None
    refusal: Refusal | None = None
    progress: Progress | None = None
    result: Result | None = None
    licence: Licence | None = None
    delivery: Delivery | None = None
    happened: list[Entry] = field(default_factory=list)

    # Draft and correction: what the applicant fills in.

    def require_editable(self) -> None:
        """Do nothing while the applicant may change something; raises `CaseNotEditable`."""
        if self.state not in (State.DRAFT, State.CORRECTION):
            raise CaseNotEditable(f"办件当前状态：{self.state.label}。")

    def require_draft(self) -> None:
        """Do nothing while the application was not handed in; raises `CaseNotEditable`."""
        if self.state is not State.DRAFT:
            raise CaseNotEditable(f"办件当前状态：{self.state.label}。")

    def require_may_hand_in(self, material_code: str) -> None:
        """Do nothing when this material may be handed in now.

        Raises:
            CaseNotEditable: when the application is with the office.
            NotAmongCorrections: when the correction notice does not name it.
        """
        self.require_editable()
        if self.state is State.CORRECTION and self.notice:
            self.notice.handed_in_again(material_code=material_code)

    def answer(self, answers: Mapping[str, str], guide: Guide) -> None:
        """Take the answers to the guide's questions; raises `CaseNotEditable`, `FieldErrors`.

        What was handed in for a material that is no longer asked is dropped: nothing surplus is kept.
        """
        self.require_draft()
        guide.check_answers(answers)
        self.answers = dict(answers)
        asked = {ask.code for ask in guide.asked(answers)}
        self.handed_in = {code: one for code, one in self.handed_in.items() if code in asked}
        self.version += 1

    def save_form(self, *, changed: Sequence[str], public_fields: Mapping[str, Any], complete: bool) -> None:
        """Take a form, complete or not.

        Args:
            changed: names of the fields that differ from what was saved before.
            public_fields: the values that may travel.
            complete: whether the form is valid.

        Raises:
            CaseNotEditable: when the application is with the office.
            NotAmongCorrections: when a field is changed that the correction notice does not name.
        """
        self.require_editable()
        if self.state is State.CORRECTION and self.notice:
            for name in changed:
                self.notice = self.notice.handed_in_again(field=name)
        self.public_fields, self.form_complete = dict(public_fields), complete
        self.version += 1

    def hand_in(self, material_code: str, handed_in: HandedIn) -> None:
        """Take a material, in place of an earlier one; raises `CaseNotEditable`, `NotAmongCorrections`."""
        self.require_editable()
        if self.state is State.CORRECTION and self.notice:
            self.notice = self.notice.handed_in_again(material_code=material_code)
        self.handed_in[material_code] = handed_in
        self.version += 1

    def remove(self, material_code: str) -> None:
        """Take a material out of a draft; raises `CaseNotEditable`."""
        self.require_draft()
        self.handed_in.pop(material_code, None)
        self.version += 1

    # Receipt.

    def require_complete(self, guide: Guide, form_errors: Sequence[FieldError]) -> None:
        """Do nothing when the application is complete against its pinned guide.

        Raises:
            FieldErrors: with everything that is wrong at once: answers, form, materials.
        """
        asks = guide.asked(self.answers)
        wrong = [*guide.unanswered(self.answers), *form_errors, *missing(asks, self.handed_in)]
        if wrong:
            raise FieldErrors(wrong)

    def already_received(self, version: int) -> bool:
        """Tell whether a submission on `version` repeats one that was received: then its receipt is the answer."""
        if self.submitted_version is None:
            return False
        return version in (self.submitted_version - 1, self.version)

    def submit(self, guide: Guide, case_number: str, now: datetime, calendar: Calendar) -> Receipt:
        """Receive the application 收件 and return the receipt; raises `CaseNotEditable`."""
        self.require_draft()
        today = legal_day(now)
        self._await_answer(guide, today, calendar)
        assert self.answer_due  # noqa: S101 - set in the line above
        self.receipt = Receipt(
            case_number=case_number,
            submitted_at=now,
            received_on=today,
            answer_due=self.answer_due,
            silence_accepts=self.silence_accepts,
            materials=received(guide.asks, self.handed_in),
        )
        self.version += 1
        self.submitted_version = self.version
        self._happened(Happening.SUBMITTED, now, f"收件编号 {case_number}。", case_number=case_number)
        return self.receipt

    def _await_answer(self, guide: Guide, received_on: date, calendar: Calendar) -> None:
        self.state = State.SUBMITTED
        self.counted_from = received_on
        self.answer_due = guide.limits.answer_due(calendar, received_on)
        self.silence_accepts = guide.limits.silence

    # The answer of the office.

    def require_awaiting_answer(self, today: date) -> None:
        """Do nothing while the office may still say what it wants.

        Raises:
            CaseNotAwaitingAnswer: when the case was answered, or not even received.
            AcceptedBySilence: when the time to answer is over (行政许可法 32(4)).
        """
        if self.state is not State.SUBMITTED:
            raise CaseNotAwaitingAnswer(f"办件当前状态：{self.state.label}。")
        if self.silent(today) and self.answer_due:
            raise silence.AcceptedBySilence(f"应于 {self.answer_due.day.isoformat()} 前告知，已逾期。")

    def silent(self, today: date) -> bool:
        """Tell whether the law has accepted the case by the office's silence."""
        return (
            self.state is State.SUBMITTED
            and self.silence_accepts
            and self.answer_due is not None
            and silence.is_silent(self.answer_due.day, today)
        )

    def recount(self, guide: Guide, calendar: Calendar) -> None:
        """Count the time to answer anew, after the calendar has changed."""
        if self.state is State.SUBMITTED and self.counted_from:
            due = guide.limits.answer_due(calendar, self.counted_from)
            if due != self.answer_due:
                self.answer_due = due
                self.version += 1

    def accept(
        self,
        guide: Guide,
        agency: AgencyFacts,
        authority: AcceptanceAuthority | None,
        document_number: str,
        now: datetime,
        calendar: Calendar,
    ) -> Acceptance:
        """Accept formally 受理.

        An acceptance that comes after the time to answer only writes down what the law did on the day of receipt.

        Args:
            guide: the pinned guide, whose limits count.
            agency: in whose name the case is accepted.
            authority: that lets a hall accept; None when the agency itself or silence does.
            document_number: in the agency's own series.
            now: the instant.
            calendar: of working days.

        Raises:
            CaseNotAwaitingAnswer: when the case was answered, or not even received.
        """
        if self.state is not State.SUBMITTED or self.counted_from is None or self.answer_due is None:
            raise CaseNotAwaitingAnswer(f"办件当前状态：{self.state.label}。")
        by_silence = self.silent(legal_day(now))
        day = self.counted_from if by_silence else legal_day(now)
        self.acceptance = accept(
            guide.limits,
            calendar,
            day,
            silence.accepted_at(self.answer_due.day) if by_silence else now,
            by_silence=by_silence,
            agency_name=agency.name,
            authority=authority,
            document_number=document_number,
        )
        self.state = State.ACCEPTED
        self.version += 1
        self._happened(
            Happening.ACCEPTED_BY_SILENCE if by_silence else Happening.ACCEPTED,
            now,
            f"受理通知书 {document_number}，自 {day.isoformat()} 起计算办理期限。",
            document_number=document_number,
            accepted_on=day.isoformat(),
        )
        return self.acceptance

    def refuse(
        self,
        kind: RefusalKind,
        reason: str,
        agency: AgencyFacts,
        document_number: str,
        now: datetime,
        *,
        right_organ: str | None = None,
        advice: str | None = None,
    ) -> Refusal:
        """Refuse 不予受理; raises `CaseNotAwaitingAnswer`, `AcceptedBySilence`, `FieldErrors`."""
        self.require_awaiting_answer(legal_day(now))
        self.refusal = refuse(
            kind,
            reason,
            agency,
            right_organ=right_organ,
            advice=advice,
            corrections_named=self.notice is not None,
            document_number=document_number,
            refused_on=legal_day(now),
        )
        self.state = State.REFUSED
        self.version += 1
        where_to = f"请向{right_organ}申请。" if right_organ else ""
        self._happened(
            Happening.REFUSED,
            now,
            f"{kind.document_name} {document_number}：{kind.label}。{where_to}",
            document_number=document_number,
            kind=kind.value,
        )
        return self.refusal

    def name_corrections(
        self, items: tuple[Correction, ...], guide: Guide, document_number: str, now: datetime
    ) -> CorrectionNotice:
        """Name everything to be corrected, once (行政许可法 32(4)); the rule itself is `correction.name_all`.

        Raises:
            CorrectionsAlreadyNamed: when it was named before.
            CaseNotAwaitingAnswer: when the case was answered, or not even received.
            AcceptedBySilence: when the time to tell is over.
            FieldErrors: when a place does not exist.
        """
        if self.notice is None:
            self.require_awaiting_answer(legal_day(now))
        self.notice = name_all(self.notice, items, guide, self.answers, number=document_number, named_on=legal_day(now))
        self.state = State.CORRECTION
        self.version += 1
        self._happened(
            Happening.CORRECTIONS_NAMED,
            now,
            f"补正通知书 {document_number}，共 {len(items)} 处。",
            document_number=document_number,
            corrections=len(items),
        )
        return self.notice

    def correct_on_the_spot(self, fields: Sequence[str], public_fields: Mapping[str, Any], now: datetime) -> None:
        """Correct on the spot what can be corrected there (行政许可法 32(3)), the applicant standing by.

        Args:
            fields: names of the form fields that were changed; the form must be valid afterwards.
            public_fields: the values that may travel.
            now: the instant.

        Raises:
            CaseNotAwaitingAnswer: when the case was answered, or not even received.
            AcceptedBySilence: when the time to answer is over.
        """
        self.require_awaiting_answer(legal_day(now))
        self.public_fields = dict(public_fields)
        self.version += 1
        self._happened(Happening.CORRECTED_ON_THE_SPOT, now, f"共 {len(fields)} 处。", fields=list(fields))

    def correct(self, guide: Guide, form_errors: Sequence[FieldError], now: datetime, calendar: Calendar) -> None:
        """Hand in again what was asked; the time to answer counts anew from today.

        Raises:
            CaseNotInCorrection: when nothing was asked.
            FieldErrors: when a named place was not touched, or the application is still incomplete.
        """
        if self.state is not State.CORRECTION or self.notice is None:
            raise CaseNotInCorrection(f"办件当前状态：{self.state.label}。")
        self.notice.require_done()
        self.require_complete(guide, form_errors)
        self._await_answer(guide, legal_day(now), calendar)
        self.version += 1
        self._happened(Happening.CORRECTED, now, "补正材料已提交，等待受理。")

    # The applicant's last word, and the office's.

    def withdraw(self, now: datetime) -> None:
        """Take the application back, before the decision; raises `CaseNotWithdrawable`."""
        if self.state not in (State.SUBMITTED, State.CORRECTION, State.ACCEPTED):
            raise CaseNotWithdrawable(f"办件当前状态：{self.state.label}。")
        self.state = State.WITHDRAWN
        self.version += 1
        self._happened(Happening.WITHDRAWN, now)

    def follow(self, progress: Progress, happened: Entry) -> None:
        """Note how the proceeding goes on."""
        self.progress = progress
        self.version += 1
        self.happened.append(happened)

    def conclude(self, result: Result, happened: Entry) -> None:
        """Note the decision 办结; it stands even when the withdrawal was on its way to the office."""
        self.result = result
        self.state = State.CONCLUDED
        self.version += 1
        self.happened.append(happened)

    def hold(self, licence: Licence, happened: Entry) -> None:
        """Note the licence that was issued, or how it ended."""
        self.licence = licence
        self.version += 1
        self.happened.append(happened)

    def deliver(self, delivery: Delivery) -> None:
        """Note that the result reached the applicant 送达; raises `CaseNotConcluded`."""
        if self.state is not State.CONCLUDED:
            raise CaseNotConcluded(f"办件当前状态：{self.state.label}。")
        self.delivery = delivery
        self.version += 1
        means = {"online": "网上查收", "window": "窗口领取", "express": "邮寄签收"}[delivery.means]
        self._happened(Happening.DELIVERED, delivery.delivered_at, f"{means}。", means=delivery.means)

    def _happened(self, happening: Happening, at: datetime, text: str = "", **detail: Any) -> None:
        self.happened.append(entry(happening, at, text, **detail))
