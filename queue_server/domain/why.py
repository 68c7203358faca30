"""Why a ticket was called: a stable code with numbers, and the sentence a clerk reads.

Kept on the ticket as one text: `head-start class=ELDER waited=4 instead=B012 instead_waited=9`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# code -> (zh, en); minutes are whole minutes
REASONS: dict[str, tuple[str, str]] = {
    "sent-here": ("转到本窗口,优先叫号", "Sent to this very window."),
    "overdue": (
        "已等候{waited}分钟,超过{limit}分钟后不再让后来者",
        "Has waited {waited} min: after {limit} min nobody who came later goes first.",
    ),
    "longest-wait": ("等候最久:{waited}分钟", "The longest wait of all lines here: {waited} min."),
    "head-start": (
        "绿色通道({class_name}),已等候{waited}分钟;{instead}已等候{instead_waited}分钟",
        "Green channel ({class_en}), waited {waited} min; {instead} has waited {instead_waited} min.",
    ),
    "appointment": (
        "网上预约,{due}已到,已等候{waited}分钟;{instead}已等候{instead_waited}分钟",
        "Booked for {due}, waited {waited} min; {instead} has waited {instead_waited} min.",
    ),
    "share": (
        "优先号(含预约)已达比例,轮到普通号,已等候{waited}分钟;{instead}稍后",
        "Priority and booked calls had their share: a normal ticket's turn, waited {waited} min;"
        " {instead} is later.",
    ),
    "own-service": (
        "本窗口主办业务,已等候{waited}分钟;{instead}已等候{instead_waited}分钟,由专办窗口优先",
        "This window's own service, waited {waited} min; {instead} ({instead_waited} min) has specialists.",
    ),
    "short-service": (
        "办理时间较短的业务,已等候{waited}分钟;{instead}已等候{instead_waited}分钟",
        "A shorter service, waited {waited} min; {instead} has waited {instead_waited} min.",
    ),
    "chosen": ("工作人员点名呼叫,已等候{waited}分钟", "Chosen by the clerk; waited {waited} min."),
    "rule": ("按叫号规则,已等候{waited}分钟", "By the hall's order of calling; waited {waited} min."),
}


@dataclass(frozen=True, slots=True)
class Why:
    """A reason with its numbers; values hold no blanks and no `=`."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    def kept(self) -> str:
        """Return the text that is kept on a ticket."""
        return " ".join((self.code, *(f"{name}={value}" for name, value in self.values.items())))

    def sentence(self, language: str, classes: Mapping[str, tuple[str, str]]) -> str:
        """Return the sentence in `zh` or `en`; `classes` names priority classes as (zh, en)."""
        zh, en = REASONS.get(self.code, REASONS["rule"])
        code = self.values.get("class", "")
        class_zh, class_en = classes.get(code, (code, code))
        values = {"class_name": class_zh or code, "class_en": class_en or code, **self.values}
        return (en if language == "en" else zh).format_map(_Dashes(values))


class _Dashes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"


def why_of(kept: str) -> Why | None:
    """Return the reason of a kept text, None for a ticket that was never called."""
    if not kept:
        return None
    code, *pairs = kept.split()
    return Why(code, dict(pair.partition("=")[::2] for pair in pairs))
