"""Tables with a vocabulary of their own (an old shop's members, private prices): rows as cells by meaning.

Owns finding the header by given words. Refuses nothing: what is missing is simply not in the record.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from kamao.business.supply.sheets.reader import RawBook, RawSheet
from kamao.business.supply.sheets.text import compact
from kamao.business.supply.sheets.values import CellValue, cell_text
from kamao.business.supply.sheets.words import TOTAL_WORDS

_HEADER_WITHIN: Final = 30

Vocabulary = Mapping[str, tuple[str, ...]]

MEMBERS: Final[Vocabulary] = {
    "account": ("账号", "会员账号", "用户名", "登录名", "会员", "会员名", "会员id", "用户id", "uid", "id", "账户", "会员编号", "用户账号",
                "account", "username", "login", "user", "member", "memberid", "userid"),
    "name": ("昵称", "名称", "会员名称", "店铺名称", "店名", "姓名", "公司", "商户名称", "name", "nickname", "shop", "displayname"),
    "email": ("邮箱", "电子邮箱", "email", "mail", "e-mail", "邮件"),
    "level": ("等级", "会员等级", "级别", "用户组", "会员组", "代理等级", "level", "grade", "group", "tier"),
    "balance": ("余额", "账户余额", "可用余额", "预存款", "balance", "money", "钱包余额", "资金", "余额(元)"),
    "state": ("状态", "账号状态", "status", "state"),
}  # fmt: skip

PRIVATE_PRICES: Final[Vocabulary] = {
    "account": MEMBERS["account"],
    "product": ("商品名称", "商品", "产品", "产品名称", "商品标题", "标题", "product", "name", "goods", "title"),
    "spec": ("规格", "面值", "时长", "spec", "variant", "denomination"),
    "kind": ("类型", "商品类型", "发货类型", "kind", "type"),
    "private": ("密价", "专属价", "专享价", "会员密价", "privateprice", "specialprice"),
    "quantity": ("起购数量", "数量起", "阶梯数量", "最低数量", "minquantity", "fromquantity"),
}  # fmt: skip


class Record(msgspec.Struct, frozen=True):
    """One row: where it stands and its cells by meaning."""

    sheet: str
    number: int
    cells: dict[str, CellValue]

    def text(self, role: str) -> str:
        """Return a cell's text, empty where there is none."""
        return cell_text(self.cells.get(role)).strip()


def find_records(book: RawBook, vocabulary: Vocabulary, *, needed: frozenset[str]) -> list[Record]:
    """Return the rows of every visible sheet whose header has the needed meanings."""
    return [
        record for sheet in book.sheets if not sheet.hidden for record in _records(sheet, vocabulary, needed)
    ]


def sheets_with(book: RawBook, vocabulary: Vocabulary, *, needed: frozenset[str]) -> frozenset[str]:
    """Return the names of the visible sheets whose header has the needed meanings."""
    return frozenset(
        sheet.name for sheet in book.sheets if not sheet.hidden and _header(sheet, vocabulary, needed)
    )


def _header(
    sheet: RawSheet, vocabulary: Vocabulary, needed: frozenset[str]
) -> tuple[int, dict[str, int]] | None:
    meanings = {compact(word): role for role, words in vocabulary.items() for word in words}
    best: tuple[int, dict[str, int]] | None = None
    for at, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
        places: dict[str, int] = {}
        for column, cell in enumerate(row.cells):
            role = meanings.get(compact(cell_text(cell))) if column not in sheet.hidden_columns else None
            if role:
                places.setdefault(role, column)
        if needed <= set(places) and (best is None or len(places) > len(best[1])):
            best = (at, places)
    return best


def _records(sheet: RawSheet, vocabulary: Vocabulary, needed: frozenset[str]) -> list[Record]:
    found = _header(sheet, vocabulary, needed)
    if found is None:
        return []
    at, places = found
    records = []
    for row in sheet.rows[at + 1 :]:
        cells = {role: row.cells[column] for role, column in places.items() if column < len(row.cells)}
        texts = [cell_text(cell).strip() for cell in cells.values()]
        if not row.hidden and any(texts) and compact(next(text for text in texts if text)) not in TOTAL_WORDS:
            records.append(Record(sheet.name, row.number, cells))
    return records
