"""What a screen says when a card could not be used: advice code -> (Chinese, English)."""

from __future__ import annotations

PLACE_AGAIN = "place-again"
OTHER_CARD = "other-card"
RENEW_CARD = "renew-card"
CALL_STAFF = "call-staff"

SENTENCES: dict[str, tuple[str, str]] = {
    PLACE_AGAIN: (
        "没有读到，请拿起证件，重新平放或插入。",
        "The card could not be read. Lift it and place or insert it again.",
    ),
    OTHER_CARD: (
        "此卡不能在这里使用，请换用身份证或社会保障卡。",
        "This card cannot be used here. Please use an identity card or a social-security card.",
    ),
    RENEW_CARD: (
        "证件不在有效期内，请向工作人员说明。",
        "The card is not within its dates. Please speak to a member of staff.",
    ),
    CALL_STAFF: (
        "读卡器故障，请联系工作人员。",
        "The card reader is out of order. Please ask a member of staff.",
    ),
}
