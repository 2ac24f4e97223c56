"""Materials: streamed to the store while they are hashed and checked, named by a row afterwards.

The bytes travel outside any transaction. A file is written before its row; what no row names, the sweeper removes.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from onestop_runtime.ids import uuid7
from onestop_runtime.transaction import Reader, Transaction
from svc_intake.domain.file_type import HEAD_BYTES, plain_media_type, require_content, require_taken
from svc_intake.domain.material import (
    Ask,
    FileEmpty,
    HandedIn,
    MaterialNotHandedIn,
    StoredFile,
    require_size,
)
from svc_intake.domain.state import State
from svc_intake.permissions import PERMISSIONS
from svc_intake.repository import cases, materials
from svc_intake.resources import Resources
from svc_intake.service.access import Sheet, locked, require_version, seen, sheet_of

OpenReader = Callable[[], AbstractAsyncContextManager[Reader]]
OpenTransaction = Callable[[], AbstractAsyncContextManager[Transaction]]


@dataclass(slots=True)
class Upload:
    """An upload as it arrives.

    Attributes:
        content_type: as declared; the content must fit it.
        size: as declared by `Content-Length`, or None.
        version: of the case, when the caller names one.
    """

    case_id: UUID
    code: str
    content_type: str
    file_name: str
    size: int | None
    version: int | None
    chunks: AsyncIterator[bytes]


async def hand_in(own: Resources, open_reader: OpenReader, open_transaction: OpenTransaction, upload: Upload) -> Sheet:
    """Take a material: permission first, then the bytes, then the row.

    Raises:
        CaseNotFound, NotPermitted, CaseNotEditable, NotAmongCorrections, MaterialNotAsked: before a byte is taken.
        MediaTypeNotTaken: when the guide does not take the format (415).
        FileTooLarge: when it exceeds the guide's limit (413), announced or on the way.
        FileEmpty, ContentDoesNotFitType: when the content is none, or another than declared (422).
        StaleVersion: when the caller named another version.
        ServiceUnavailable: when the store cannot take it.
    """
    async with open_reader() as reader:
        ask = await _require_may_hand_in(reader, own, upload)
    media_type = plain_media_type(upload.content_type)
    require_taken(media_type, ask.media_types)
    require_size(ask, upload.size or 0)
    material_id = uuid7()
    path = f"materials/{upload.case_id}/{material_id}"
    measured = Measured(ask, media_type, upload.chunks)
    await own.files.write(path, measured.stream())
    async with open_transaction() as tx:
        file = StoredFile(
            id=material_id, case_id=upload.case_id, code=ask.code, path=path, file_name=upload.file_name,
            media_type=media_type, size=measured.size, sha256=measured.sha256, uploaded_by=tx.caller.sub,
            uploaded_at=tx.now,
        )  # fmt: skip
        return await _keep(tx, own, file, upload.version)


async def _require_may_hand_in(reader: Reader, own: Resources, upload: Upload) -> Ask:
    loaded = await seen(reader, upload.case_id)
    PERMISSIONS.require(reader.caller, "case.edit", loaded.row)
    loaded.case.require_may_hand_in(upload.code)
    guide = await own.memory.guide(reader.connection, loaded.case.guide_version_id)
    return guide.ask(upload.code, loaded.case.answers)


async def _keep(tx: Transaction, own: Resources, file: StoredFile, version: int | None) -> Sheet:
    """Name the file in the case; what it replaces is forgotten in a draft, and kept once it was received."""
    loaded = await locked(tx, file.case_id, "case.edit")
    case = loaded.case
    if version is not None:
        require_version(case, version)
    guide = await own.memory.guide(tx.connection, case.guide_version_id)
    guide.ask(file.code, case.answers)  # the answers may have changed while the bytes travelled
    before = case.handed_in.get(file.code)
    handed_in = HandedIn(
        id=file.id,
        via="upload",
        at=tx.now,
        sha256=file.sha256,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
    )
    case.hand_in(file.code, handed_in)
    if before and before.via == "upload" and case.state is State.DRAFT:
        await materials.remove(tx.connection, before.id)
    await materials.add(tx.connection, file)
    await cases.save(tx.connection, case, tx.caller.sub)
    tx.audit("material.handed-in", key=case.id, detail={"code": file.code, "sha256": file.sha256})
    return await sheet_of(tx, own, loaded)


class Measured:
    """Bytes on their way to the store: counted, hashed, their first ones compared with the declared type.

    Attributes:
        size: bytes so far.
    """

    def __init__(self, ask: Ask, media_type: str, chunks: AsyncIterator[bytes]) -> None:
        self.size = 0
        self._ask = ask
        self._media_type = media_type
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self._head = b""

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes so far."""
        return self._digest.hexdigest()

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the bytes on.

        Raises:
            FileTooLarge: as soon as there are too many.
            ContentDoesNotFitType: as soon as the first ones are known.
            FileEmpty: when there was none.
        """
        checked = False
        async for chunk in self._chunks:
            if not chunk:
                continue
            self.size += len(chunk)
            require_size(self._ask, self.size)
            self._digest.update(chunk)
            if not checked:
                self._head += chunk[:HEAD_BYTES]
                if checked := len(self._head) >= HEAD_BYTES:
                    require_content(self._media_type, self._head)
            yield chunk
        if not self.size:
            raise FileEmpty(f"“{self._ask.name}”的文件没有内容，请重新选择文件。")
        if not checked:
            require_content(self._media_type, self._head)


async def remove(tx: Transaction, own: Resources, case_id: UUID, code: str, version: int | None) -> Sheet:
    """Take a material out of a draft.

    Raises:
        CaseNotFound, NotPermitted, CaseNotEditable, StaleVersion: nothing is changed.
        MaterialNotHandedIn: when there is none.
    """
    loaded = await locked(tx, case_id, "case.edit")
    case = loaded.case
    if version is not None:
        require_version(case, version)
    before = case.handed_in.get(code)
    if before is None:
        raise MaterialNotHandedIn
    case.remove(code)
    if before.via == "upload":
        await materials.remove(tx.connection, before.id)
    await cases.save(tx.connection, case, tx.caller.sub)
    tx.audit("material.removed", key=case.id, detail={"code": code})
    return await sheet_of(tx, own, loaded)


@dataclass(slots=True)
class Content:
    """A material to be read."""

    file_name: str
    media_type: str
    size: int
    sha256: str
    chunks: AsyncIterator[bytes]


async def read(own: Resources, open_transaction: OpenTransaction, case_id: UUID, code: str) -> Content:
    """Return what was handed in last; who looks beside the applicant leaves an audit row.

    Raises:
        CaseNotFound: when the case is not the caller's to see.
        MaterialNotHandedIn: when there is no file, also when sharing proved the material.
        ServiceUnavailable: when the store does not give it.
    """
    async with open_transaction() as tx:
        loaded = await seen(tx, case_id)
        handed_in = loaded.case.handed_in.get(code)
        row = await materials.find(tx.connection, case_id, handed_in.id) if handed_in else None
        if row is None:
            raise MaterialNotHandedIn
        if not PERMISSIONS.permits(tx.caller, "case.edit", loaded.row):
            tx.audit("material.read", key=case_id, detail={"code": code})
    chunks = await own.files.read(row["path"])
    return Content(row["file_name"], row["media_type"], row["size"], row["sha256"], chunks)
