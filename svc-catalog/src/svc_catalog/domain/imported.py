"""导入的事项: rows of a list of items, each judged by itself, so that one wrong row spoils no other."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from onestop_legal.codes import is_item_type
from onestop_legal.errors import NamedError
from onestop_legal.implementation_code import ImplementationCode, check_free_form

COLUMNS = ("department", "main_item", "name", "type_code", "implementation_code")
_LONGEST_NAME = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MAX_ROWS = 20_000


class NotAnItemList(NamedError):
    """The file is no CSV with the columns of an item list, or not in UTF-8."""

    slug = "not-an-item-list"
    title = "文件不是事项清单"
    status = 422
    pointer = ""


class NotCsv(NamedError):
    """An item list is sent as `text/csv`."""

    slug = "not-csv"
    title = "事项清单应以 text/csv 上传"
    status = 415
    pointer = "#Content-Type"


class DryRunNeeded(NamedError):
    """A list is imported only after a dry run of exactly the same file."""

    slug = "dry-run-needed"
    title = "请先对同一文件试运行"
    status = 409
    pointer = "?dry_run_id"


class ImportNotFound(NamedError):
    """There is no such import."""

    slug = "import-not-found"
    title = "没有这次导入"
    status = 404
    pointer = "{import_id}"


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row; `row` counts from 2, the line under the header."""

    row: int
    column: str
    code: str
    explanation: str


@dataclass(frozen=True, slots=True)
class ImportedItem:
    """An item as a row states it.

    Attributes:
        profile: `national` for a valid code of 31 characters, else `free`.
    """

    row: int
    department: str
    main_item: str
    name: str
    item_type: str
    code: str
    profile: str


def read_items(data: bytes) -> Iterator[ImportedItem | RowError]:
    """Yield an item or its errors for every row of a CSV in UTF-8 (a byte-order mark is allowed).

    Raises:
        NotAnItemList: when it is no such file at all.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAnItemList("文件应为 UTF-8 编码的 CSV。") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    header = tuple(name.strip() for name in reader.fieldnames or ())
    if not set(COLUMNS) <= set(header):
        raise NotAnItemList(f"第一行应包含：{'、'.join(COLUMNS)}。")
    seen: dict[tuple[str, str], int] = {}
    try:
        for row, line in enumerate(reader, start=2):
            if row > MAX_ROWS + 1:
                raise NotAnItemList(f"一次最多导入 {MAX_ROWS} 行。")
            yield from _read_row(row, {key: (line.get(key) or "").strip() for key in COLUMNS}, seen)
    except csv.Error as error:
        raise NotAnItemList(f"第 {reader.line_num} 行不是有效的 CSV。") from error


def _read_row(row: int, line: dict[str, str], seen: dict[tuple[str, str], int]) -> Iterator[ImportedItem | RowError]:
    errors = []
    for column in ("department", "name"):
        if not line[column]:
            errors.append(RowError(row, column, "required", "必须填写"))
        elif len(line[column]) > _LONGEST_NAME:
            errors.append(RowError(row, column, "too-long", f"最多 {_LONGEST_NAME} 个字"))
    errors += [
        RowError(row, key, "control-character", "不能含有控制字符") for key in COLUMNS if _CONTROL.search(line[key])
    ]
    item_type = line["type_code"].zfill(2)
    if not is_item_type(item_type):
        errors.append(RowError(row, "type_code", "unknown-type", "不是 GB/T 39046 的事项类型代码"))
    code, profile = line["implementation_code"], "free"
    try:
        code = check_free_form(code)
        profile = "national" if _is_national(code) else "free"
    except NamedError as error:
        errors.append(RowError(row, "implementation_code", error.slug, error.detail))
    key = (code, line["name"])
    if not errors and key in seen:
        errors.append(RowError(row, "implementation_code", "repeated", f"与第 {seen[key]} 行重复"))
    if errors:
        yield from errors
        return
    seen[key] = row
    yield ImportedItem(row, line["department"], line["main_item"], line["name"], item_type, code, profile)


def _is_national(code: str) -> bool:
    try:
        ImplementationCode.parse(code)
    except NamedError:
        return False
    return True
