"""What the names of columns say, and whether there are any names at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["column_names", "guess_header", "is_other_name", "is_phone_name"]

_TOKEN = re.compile(r"[a-zà-öø-ÿ]+|[\u3400-\u9fff]+")
_LETTERED = re.compile(r"\+?1?\W*8\d\d\W*[A-Z0-9-]{4,}")  # 1-800-FLOWERS
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PHONE_WORDS = _words(
    "phone phones telephone telephones tel tele mobile cell cellphone cellular handset msisdn "
    "landline fax ani dnis dnc callerid callee telefon telefono teléfono telefone telefoon "
    "telefonnummer téléphone movil móvil celular handy mobil mobiltelefon handynummer rufnummer "
    "portable homephone workphone mobilephone phonenumber phoneno phonenum mobilenumber mobileno "
    "cellno telno telnum telnumber msisdns e164 sms whatsapp"
)
_WEAK_WORDS = frozenset(("number", "numbers", "num", "nummer", "numero", "número", "numéro", "contact"))
#: Beside a phone word these make a column about the number ("phone type"), not of numbers.
_ABOUT_WORDS = _words(
    "type kind carrier provider operator network code country region state area city date time "
    "day since until status verified valid ext extension name model brand os owner consent "
    "permission opt optin optout count id uuid hash notes note comment label zone timezone"
)
#: A column so named holds other numbers ("account number").
_OTHER_WORDS = _words(
    "id ids uuid guid no account acct card invoice order ref reference customer client member "
    "policy case ticket claim serial sku ssn ein tin vat tax passport licence license zip zipcode "
    "postcode postal plz date time timestamp day month year dob birth birthday birthdate since "
    "until from start end created updated amount price balance total sum qty quantity age code "
    "lat latitude lon lng longitude ip row index key hash score"
)
_PHONE_HAN = _words("手机 电话 座机 固话 传真 联系方式 被叫 主叫 電話 手機 传呼 热线")
_WEAK_HAN = _words("号码 號碼")
_ABOUT_HAN = _words("类型 日期 时间 归属 运营商 状态 省 市 区号 品牌 型号 次数 备注 姓名")
_OTHER_HAN = _words(
    "身份证 银行卡 卡号 编号 序号 账号 帐号 订单 邮编 日期 时间 生日 年龄 金额 余额 数量 单号 证件 "
    "车牌 工号 学号 税号 代码 编码 QQ"
)
_HEADER_WORDS = (
    _words(
        "name firstname lastname surname forename fullname first last email mail address street "
        "city town state province country region company organisation organization title gender "
        "sex comment comments notes note status terms list source type reason caller called "
        "consumer action change"
    )
    | _PHONE_WORDS
    | _WEAK_WORDS
    | _OTHER_WORDS
)
_HEADER_HAN = _PHONE_HAN | _WEAK_HAN | _OTHER_HAN | _words("姓名 名字 客户 地址 公司 城市 备注 性别 名称")
_NOTHING = frozenset(("", "-", "--", "n/a", "na", "null", "none", "nan", "unknown", "?", "无", "空"))


def _tokens(name: str) -> set[str]:
    """Return the words of a name: 'HomePhone_No.' gives home, phone, no."""
    return set(_TOKEN.findall(_CAMEL.sub(" ", name).lower())) | set(_TOKEN.findall(name.lower()))


def is_phone_name(name: str) -> bool:
    """Return whether a column of this name should hold phone numbers ('DNC number', '手机号')."""
    tokens = _tokens(name)
    if tokens & _PHONE_WORDS or re.fullmatch(r"e\W?164", name.strip().lower()):
        return not tokens & _ABOUT_WORDS
    if any(word in name for word in _PHONE_HAN):
        return not any(word in name for word in _ABOUT_HAN)
    weak = tokens & _WEAK_WORDS or any(word in name for word in _WEAK_HAN)
    return bool(weak) and not is_other_name(name) and not tokens & _ABOUT_WORDS


def is_other_name(name: str) -> bool:
    """Return whether a column of this name should hold numbers of another sort ('Zip', '身份证号码')."""
    tokens = _tokens(name)
    if tokens & _PHONE_WORDS or any(word in name for word in _PHONE_HAN):
        return bool(tokens & _ABOUT_WORDS) or any(word in name for word in _ABOUT_HAN)
    return bool(tokens & _OTHER_WORDS) or any(word in name for word in _OTHER_HAN)


def _is_value(cell: str) -> bool:
    """Return whether a cell is a number, a date, an amount or an address of e-mail, and so no name."""
    digits = sum(char.isdigit() for char in cell)
    if "@" in cell or digits >= 7 or _LETTERED.fullmatch(cell):
        return True
    return digits > 0 and not any(char.isalpha() for char in cell)


def guess_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first of these rows names the columns.

    Args:
        rows: the first rows of a table as text, from its very first row that is not blank.

    Returns:
        True where its cells are words that head columns, or where it has no value and the rows after it have.
    """
    if not rows:
        return False
    first = [cell.strip() for cell in rows[0]]
    if any(sum(char.isdigit() for char in cell) >= 7 or "@" in cell or _LETTERED.fullmatch(cell) for cell in first):
        return False
    if any(_is_header_word(cell) for cell in first):
        return True
    if any(map(_is_value, first)) or all(cell.lower() in _NOTHING for cell in first):
        return False
    return any(_is_value(cell) for row in rows[1:] for cell in row)


def _is_header_word(cell: str) -> bool:
    if len(cell) > 60:
        return False
    words = cell.split()
    short = len(words) <= 4 and bool(_tokens(cell)) and _tokens(cell) <= _HEADER_WORDS
    return short or is_phone_name(cell) or (len(cell) <= 12 and any(word in cell for word in _HEADER_HAN))


def column_names(first_row: Sequence[str], *, header: bool, width: int) -> tuple[str, ...]:
    """Return a name for every column: as written, or 'column 1' and so on where there is none.

    Args:
        first_row: the row of names where header is true; otherwise any row.
        header: whether first_row holds the names.
        width: number of columns there are at least.
    """
    written = [cell.strip() for cell in first_row] if header else []
    written += [""] * (width - len(written))
    return tuple(name or f"column {i}" for i, name in enumerate(written, 1))
