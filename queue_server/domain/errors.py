"""Why the queue refuses, with codes that never change and sentences for people.

::

    QueueError(code)
    ├── Refused         the request is understood and cannot be done now
    │   └── NotAllowed  the transition table has no such step; names state and action
    ├── NotFound        no such thing
    ├── Busy            try the same again soon: never stored as an answer
    └── Denied          who asks may not

`detail(language)` is the sentence; values are ticket numbers, window numbers, limits: never a person.
"""

from __future__ import annotations

from typing import ClassVar

from queue_server.domain.echo import without_people
from queue_server.domain.words import in_chinese

# code -> (zh, en); `{name}` is filled from the error's values
CATALOGUE: dict[str, tuple[str, str]] = {
    "service-unknown": (
        "没有这项业务:{service},请重新选择。",
        "There is no service {service}: choose another.",
    ),
    "service-closed": (
        "当前时间段不能取号:{service},{why}",
        "No tickets for {service} now. {why_en}",
    ),
    "quota-exhausted": (
        "排队号已取完,若窗口空闲可直接到窗口办理!{why}",
        "No tickets are left; if the window is free, go there. {why_en}",
    ),
    "ticket-already-waiting": (
        "此身份证同类业务未办理({number}),请办理完成后再次取号。是否需要补打丢失票号?",
        "You already hold {number} for this service: use it, or have it printed again.",
    ),
    "too-many-tickets": (
        "取号数量已达上限({limit}张),请先办理已取的号。",
        "The limit of {limit} tickets is reached: use those you have first.",
    ),
    "id-required": (
        "此业务须刷身份证取号。",
        "This service needs an identity card: put yours on the reader.",
    ),
    "id-invalid": ("证件号码有误,请核对后重试。", "The ID number is not valid: check it and try again."),
    "blacklisted": (
        "{until}(含)前暂不能预约或取号,请到咨询台。",
        "No tickets or bookings up to and including {until}. Please ask at the information desk.",
    ),
    "appointment-not-found": (
        "没有找到预约,请核对预约码或到咨询台。",
        "No such appointment: check the code, or ask at the desk.",
    ),
    "appointment-early": (
        "还没到预约时间,请在{when}以后来报到。",
        "It is too early for this appointment: check in from {when_en}.",
    ),
    "appointment-late": (
        "预约报到已于{when}截止,请现场取号或到咨询台。",
        "Check-in ended at {when_en}: take a ticket here or ask at the desk.",
    ),
    "appointment-over": (
        "这个预约“{state}”,不能再用,请重新预约或现场取号。",
        "This appointment is {state} and cannot be used: book again or take a ticket here.",
    ),
    "appointment-day": (
        "这一天不能预约,请选择今后第{min}至{max}个工作日。",
        "This day cannot be booked: choose one of the next {min} to {max} working days.",
    ),
    "appointment-limit": (
        "您在{day}的预约已达{limit}个,请改约其他日期,或先取消原预约。",
        "You have {limit} booked for {day}: choose another day or cancel that one first.",
    ),
    "appointment-cancel-late": (
        "取消预约的时间已于{when}截止,不能来请致电大厅。",
        "Cancelling ended at {when_en}: if you cannot come, please call the hall.",
    ),
    "slot-unknown": (
        "没有这个预约时段({service}),请重新选择。",
        "{service_en} has no such slot: choose another.",
    ),
    "slot-full": ("{when}已约满,请选择其他时段。", "{when_en} is fully booked: choose another slot."),
    "window-not-signed-in": (
        "{window}号窗口未登录,请先登录。",
        "Nobody is signed in at window {window}: sign in first.",
    ),
    "window-paused": ("{window}号窗口已暂停,请先恢复。", "Window {window} is paused: resume first."),
    "window-taken": (
        "{window}号窗口已有人登录,请其先签退。",
        "Somebody else is signed in at window {window}: they sign out first.",
    ),
    "card-unknown": (
        "这张工卡未登记,请管理员先登记。",
        "This staff card is not known: ask the administrator to register it.",
    ),
    "card-taken": (
        "这张工卡已登记给其他人员,请先注销原登记。",
        "This staff card is somebody else's: take it from them first.",
    ),
    "window-busy": (
        "{window}号窗口正在叫 {number},请先办理或过号。",
        "Window {window} still has {number}: start, finish or pass it first.",
    ),
    "not-allowed": (
        "{number} 当前为“{state}”,不能“{action}”,请刷新后按当前状态操作。",
        "{number} is {state}: {action} is not allowed. Refresh and act on its present state.",
    ),
    "recall-limit": ("{number} 已重呼{limit}次,请过号。", "{number} was recalled {limit} times: pass it."),
    "nobody-waiting": ("没有人在等候,请稍后再叫。", "Nobody is waiting: call again later."),
    "already-rated": (
        "该排队号已评价,请勿重复评价!",
        "This ticket has been rated already: please do not rate it again.",
    ),
    "lease-unknown": (
        "没有这个号段,请取号终端重新申请。",
        "There is no such lease for this terminal: take a new one.",
    ),
    "idempotency-mismatch": (
        "同一请求编号用于不同的内容,请换一个编号。",
        "This Idempotency-Key was used with another request: take a new key.",
    ),
    "unauthenticated": ("请先登录。", "Sign in or send a token."),
    "totp-required": (
        "请输入动态验证码。",
        "A one-time code is needed as well: enter the one your app shows.",
    ),
    "forbidden": ("没有权限,请换用有权限的账号。", "Your role may not do this: ask somebody whose role may."),
    "locked-out": ("登录失败次数过多,请{minutes}分钟后再试。", "Too many failures: wait {minutes} minutes."),
    "rate-limited": ("操作太频繁,请稍后再试。", "Too many requests: wait a little."),
    "validation": (
        "请求内容有误:{reason}。请改正后重试。",
        "The request is not valid: {reason}. Correct it and try again.",
    ),
    "not-found": ("没有找到:{what},请核对后重试。", "Not found: {what}. Check it and try again."),
    "not-possible": (
        "现在做不到:{reason}。请稍后再试或联系管理员。",
        "Not possible now: {reason}. Try again later or tell the administrator.",
    ),
    "method-not-allowed": (
        "此地址不支持该操作,请查看接口说明 /api/docs。",
        "This address does not take that method: see /api/docs.",
    ),
    "internal": (
        "系统内部错误,请联系管理员。",
        "Something went wrong in the server: tell the administrator.",
    ),
    "server-busy": ("系统繁忙,请稍后再试。", "The server is busy: try again."),
}


class QueueError(Exception):
    """The root.  `code` is stable and in CATALOGUE; `values` fill its sentences."""

    code: ClassVar[str] = ""

    def __init__(self, code: str = "", **values: object) -> None:
        self.error_code = code or self.code
        self.values = values
        super().__init__(self.detail("en"))

    def detail(self, language: str) -> str:
        """Return the sentence in `zh` or `en`."""
        zh, en = CATALOGUE[self.error_code]
        told = {key: without_people(self.error_code, key, value) for key, value in self.values.items()}
        if language == "en":
            return en.format_map(_Blanks(told))
        return zh.format_map(_Blanks({key: in_chinese(key, value) for key, value in told.items()}))


class _Blanks(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "-"


class Refused(QueueError):
    """Understood, and cannot be done in the present state."""


class NotAllowed(Refused):
    """The transition table has no such step."""

    code = "not-allowed"


class NotFound(QueueError):
    """No such ticket, window or token."""

    code = "not-found"


class Busy(QueueError):
    """The same request may be repeated soon."""

    code = "server-busy"


class Denied(QueueError):
    """Not for this caller: unauthenticated, forbidden, locked-out, rate-limited."""

    code = "forbidden"
