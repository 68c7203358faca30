"""What may be shown of a person, and what makes an identity number a possible one.  Pure, for all programs.

An 18-character number (citizen, Hong Kong/Macao/Taiwan resident, foreigner of 2023)::

    region 6 | birth YYYYMMDD | serial 3 | check 1      foreigner of 2023: 9 + place 2 + country 3 first

The check character is ISO 7064 MOD 11-2 (GB 11643).  Source: protocols section 1.6.
"""

from __future__ import annotations

from datetime import date

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 "
    "尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 "
    "仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 "
    "公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 "
    "段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 "
    "公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙 "
    "南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 "
)
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_DIGITS = frozenset("0123456789")


def check_character(first_17: str) -> str:
    """Return the 18th character for 17 digits.  Raises ValueError when they are not 17 digits."""
    if len(first_17) != 17 or not _DIGITS.issuperset(first_17):
        raise ValueError("an identity number needs 17 digits before its check character")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return _CHECKS[total % 11]


def birth_of(number: str) -> date | None:
    """Return the birth date inside an 18-character number, None when there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def problem(number: str) -> str | None:
    """Say what is wrong with an 18-character number, None when nothing is.

    Answers: `length`, `characters`, `check-character`, `birth-date`.  A lower-case x counts as X.
    """
    upper = number.upper()
    if len(upper) != 18:
        return "length"
    if not _DIGITS.issuperset(upper[:17]) or not (upper[17] in _DIGITS or upper[17] == "X"):
        return "characters"
    if check_character(upper[:17]) != upper[17]:
        return "check-character"
    return None if birth_of(upper) else "birth-date"


def normalized(number: str) -> str:
    """Return the number as it is stored: upper-case X.  Raises ValueError naming what is wrong with it."""
    wrong = problem(number)
    if wrong:
        raise ValueError(f"not an identity number: {wrong}")
    return number.upper()


def masked_number(number: str) -> str:
    """Return a number that names nobody: `990000********1234`; a short one keeps its first three only."""
    if len(number) < 15:
        return number[:3] + "*" * max(0, len(number) - 3)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def masked_name(name: str) -> str:
    """Return the family name and one `*`: 张三 → 张*, 欧阳文 → 欧阳*, Anna Karenina → A***.

    A name of one letter gives `*`.  The star says nothing about the given name's length.
    """
    name = " ".join(name.split())
    if not name:
        return ""
    if not _is_han(name[0]):
        return f"{name[0].upper()}***"
    if "·" in name:  # 阿不都·热合曼: the part before the dot is the person's own name
        return f"{name[0]}*"
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return f"{name[:2]}*"
    return f"{name[0]}*" if len(name) > 1 else "*"


def _is_han(letter: str) -> bool:
    return "\u3400" <= letter <= "\u9fff" or "\U00020000" <= letter <= "\U0003ffff"
