"""Materials 申请材料: what the guide asks, for whom, and what was handed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from onestop_legal.errors import FieldError, NamedError

_NECESSARY = "1"


class MaterialNotAsked(NamedError):
    """The guide does not ask for such a material in this case; nothing surplus is taken (优化营商环境条例 35)."""

    slug = "material-not-asked"
    title = "办事指南没有要求这份材料"
    status = 404
    pointer = "{material_code}"


class MaterialNotHandedIn(NamedError):
    """There is no file for this material."""

    slug = "material-not-handed-in"
    title = "这份材料没有提交文件"
    status = 404


class FileTooLarge(NamedError):
    """The file exceeds what the guide takes for this material."""

    slug = "file-too-large"
    title = "文件过大"
    status = 413
    pointer = ""


class FileEmpty(NamedError):
    """The file has no content."""

    slug = "file-empty"
    title = "文件是空的"
    status = 422
    pointer = ""


class UploadBrokenOff(NamedError):
    """The sender stopped before the file was complete; nothing is kept."""

    slug = "upload-broken-off"
    title = "上传中断，请重新上传"
    status = 400


@dataclass(frozen=True, slots=True)
class Ask:
    """A material the guide asks for.

    Attributes:
        need: 1 必要, 2 非必要, 3 容缺后补.
        when: question id → answers for which it is asked; None for always.
        shared_by: resource that proves the same; then it need not be handed in (国务院令 716 第七条).
    """

    code: str
    name: str
    need: str
    media_types: tuple[str, ...]
    max_bytes: int
    form: str = "electronic"
    when: Mapping[str, tuple[str, ...]] | None = None
    shared_by: str | None = None
    note: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Ask":
        """Return the material as a published guide describes it."""
        when = document.get("when")
        return cls(
            code=document["code"],
            name=document["name"],
            need=document["need"],
            media_types=tuple(document["media_types"]),
            max_bytes=document["max_bytes"],
            form=document["form"],
            when={question: tuple(values) for question, values in when.items()} if when else None,
            shared_by=document.get("shared_by"),
            note=document.get("note"),
        )

    @property
    def necessary(self) -> bool:
        """Whether an application without it is incomplete."""
        return self.need == _NECESSARY and bool(self.media_types)

    def asked_for(self, answers: Mapping[str, str]) -> bool:
        """Tell whether it is asked of somebody who gave these answers."""
        if not self.when:
            return True
        return all(answers.get(question) in values for question, values in self.when.items())


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A material as it was handed in, or the evidence that stands for it.

    Attributes:
        id: of the file's row, or of the evidence.
        via: `upload`, or `exchange` when sharing proved it.
        sha256: hex digest of the file; None for evidence.
    """

    id: UUID
    via: Literal["upload", "exchange"]
    at: datetime
    sha256: str | None = None
    file_name: str | None = None
    media_type: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was written to the store.

    Attributes:
        path: in the store.
        sha256: hex digest of the bytes.
        size: in bytes.
        uploaded_by: opaque id.
    """

    id: UUID
    case_id: UUID
    code: str
    path: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    uploaded_by: UUID | None
    uploaded_at: datetime


def missing(asks: Iterable[Ask], handed_in: Mapping[str, HandedIn]) -> list[FieldError]:
    """Return the necessary materials that were not handed in, each with what to do about it."""
    return [
        FieldError(f"/materials/{ask.code}", "evidence-missing" if ask.shared_by else "material-missing", _advice(ask))
        for ask in asks
        if ask.necessary and ask.code not in handed_in
    ]


def _advice(ask: Ask) -> str:
    if ask.shared_by:
        return f"“{ask.name}”可通过数据共享核验，无需提交；核验未成功时也可以自行上传。"
    return f"请提交“{ask.name}”。"


def require_size(ask: Ask, size: int) -> None:
    """Do nothing while the file is not larger than the guide allows; raises `FileTooLarge`."""
    if size > ask.max_bytes:
        limit = ask.max_bytes / 1024 / 1024
        raise FileTooLarge(f"“{ask.name}”的文件最大 {limit:.3g} MB。")
