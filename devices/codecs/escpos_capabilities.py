"""What a ticket printer was found to do at its installation, in words and as lines for the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devices.contracts.health import Paper

PrinterProof = Literal["process-id", "buffer-drained", "none"]

_PROOFS: dict[str, dict[PrinterProof, str]] = {
    "zh": {
        "process-id": "打印完成后会确认（GS ( H），能确知每张号票是否打印成功",
        "buffer-drained": "只在缓冲区取空时确认（GS r），号票基本可确认",
        "none": "不给任何打印确认，每张号票都只能算作“不确定”；请更换固件或打印机",
    },
    "en": {
        "process-id": "says when printing has finished (GS ( H): every ticket can be proved",
        "buffer-drained": "says when its buffer is empty (GS r): a ticket is as good as proved",
        "none": "proves nothing: every ticket will count as unknown; use another firmware or printer",
    },
}
_WORDS = {
    "zh": {
        "silent": "不应答状态查询（DLE EOT）：请检查回传线、波特率和电源",
        "status": "应答状态查询（DLE EOT）",
        "ready": "现在可以打印",
        "reason": "现在不能打印：{}",
        "near-end": "纸将尽传感器：有（现在纸少）",
        "no-near-end": "纸将尽传感器：现在纸多，看不出；换上快用完的纸卷再查一次",
        "name": "自称 {}（兼容机常照抄他人的名字）",
        "charset": "请打印测试页，按能读出的最后一行设置 codepage",
    },
    "en": {
        "silent": "does not answer status queries (DLE EOT): check the return line, baud rate and power",
        "status": "answers status queries (DLE EOT)",
        "ready": "can print now",
        "reason": "cannot print now: {}",
        "near-end": "near-end sensor: there (paper is low now)",
        "no-near-end": "near-end sensor: cannot be told with much paper; try a roll that is nearly used up",
        "name": "calls itself {} (clones often copy another's name)",
        "charset": "print the test page and set codepage by the last line that can be read on it",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was found.  `reason` is why it cannot print now; proofs are only looked for when it can."""

    answers_status: bool
    proof: PrinterProof = "none"
    paper: Paper = Paper.UNKNOWN
    reason: str = ""
    name: str = ""

    @property
    def near_end(self) -> bool | None:
        """Whether it has a near-end sensor; None when that cannot be told at the moment."""
        return True if self.paper is Paper.LOW else None

    def sentences(self, language: str = "en") -> list[str]:
        """Return what a technician must know, one sentence an item."""
        words = _WORDS.get(language, _WORDS["en"])
        if not self.answers_status:
            return [words["silent"]]
        said = [words["status"], words["reason"].format(self.reason) if self.reason else words["ready"]]
        if not self.reason:
            said.append(_PROOFS.get(language, _PROOFS["en"])[self.proof])
        said.append(words["near-end" if self.near_end else "no-near-end"])
        if self.name:
            said.append(words["name"].format(self.name))
        return [*said, words["charset"]]

    def settings_lines(self) -> list[str]:
        """Return lines for `[device.settings]`; none for what could not be found out."""
        if not self.answers_status or self.reason or self.proof == "none":
            return []
        return [f'proof = "{self.proof}"']
