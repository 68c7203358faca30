"""What may be shown of a person, and whether an ID number can be real."""

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
_CHECKS = "10X98765432"  # GB 11643, ISO 7064 MOD 11-2


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


def clean_id(number: str) -> str:
    """Return the number as it is compared: no blanks, capital letters."""
    return "".join(number.split()).upper()


def is_valid_id(id_type: str, number: str) -> bool:
    """Say whether a clean number can be real: for residents the date and the check digit, else its form."""
    if id_type == "resident":
        return _is_resident(number)
    return 4 <= len(number) <= 40 and number.isascii() and number.replace("-", "").isalnum()


def _is_resident(number: str) -> bool:
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return _CHECKS[total % 11] == number[17]
