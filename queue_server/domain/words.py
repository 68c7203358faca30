"""The Chinese of what errors name in English: states, actions, things, reasons.

Code and API names are English and stable; a sentence for people is in one language throughout.
A state or action without a word here is shown as it is; tests/queue_server/test_sentences.py finds it.
"""

from __future__ import annotations

import re

STATES = {
    "waiting": "等候中",
    "called": "已叫号",
    "serving": "办理中",
    "held": "已挂起",
    "passed": "已过号",
    "done": "已办结",
    "cancelled": "已取消",
    "expired": "已过期",
    "free": "空闲",
    "paused": "暂停",
    "closed": "未登录",
    "booked": "已预约",
    "checked-in": "已报到",
    "no-show": "未到",
    # of the paper
    "none": "无票纸",
    "printed": "已打印",
    "void": "票纸已作废",
}
ACTIONS = {
    "call": "叫号",
    "recall": "重呼",
    "start": "开始办理",
    "finish": "办结",
    "no-show": "过号",
    "bring-back": "恢复排队",
    "hold": "挂起",
    "resume-held": "回呼",
    "transfer": "转移",
    "next-stop": "转下一环节",
    "requeue": "重新排队",
    "cancel": "取消",
    "expire": "作废",
    "rate": "评价",
    "reprint": "补打",
    "void-paper": "作废票纸",
}
PHRASES = {
    # what was not found
    "ticket": "该排队号",
    "ticket token": "该排队号",
    "user": "该用户",
    "token": "该设备凭证",
    "lab": "模拟设备(本厅未启用)",
    "appointment": "该预约",
    "case": "该办件",
    "lease": "该号段",
    "webhook": "该推送地址",
    "event": "该事件",
    # why not now
    "webhooks are off": "推送未启用",
    "no key for second factors": "服务器没有动态验证码的密钥",
    "no printer is known": "没有可用的打印机",
    "nobody removes himself; ask another admin": "不能删除自己的账号,请由另一名管理员操作",
    "this hall's clock is the machine's": "本厅使用本机时钟,不能调整",
    "the simulators do not answer": "模拟设备没有响应",
    "the MQTT broker is away": "消息服务未连接",
    # what is not valid
    "the password repeats too few letters": "密码中不同的字符太少",
    "the password must not contain the user name": "密码不能包含用户名",
    "Idempotency-Key: 1 to 128 visible ASCII characters": "Idempotency-Key 须为1至128个可见ASCII字符",
    "Idempotency-Key: not the key that is to be settled": "Idempotency-Key 不能与待了结的键相同",
    "beep needs window": "鸣响须指明窗口(window)",
    "a time from 2000 to 9998": "时间须在2000年至9998年之间",
    "day: 2000 to 9998": "day 须在2000年至9998年之间",
    "give either service_id or window_id": "service_id 与 window_id 须且只能填一个",
    "level is 1 to 5, 5 being very satisfied": "level 须为1至5,5为非常满意",
    "give either now or advance_s": "now 与 advance_s 须且只能填一个",
    "give either ticket_id or token": "ticket_id 与 token 须且只能填一个",
    "give either card or next_at": "card 与 next_at 须且只能填一个",
    "give either package or service_id with stops": "package 不能与 service_id、stops 同时填写",
    "the old password is wrong": "原密码有误",
    "issued_at: the server says when": "issued_at 由服务器填写",
    "url: not an address": "url 不是有效的地址",
    "url: http://HOST/ or https://HOST/": "url 须以 http:// 或 https:// 开头并有主机名",
    "url: no user name, password, blank or fragment": "url 不能含用户名、密码、空格或片段",
    "cursor": "cursor 不是上一页给出的值",
    "level": "level 不是评价等级",
    "now": "now 不是本厅可用的时间",
}
PATTERNS = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"window (\S+)", r"\1号窗口"),
        (r"device (\S+)", r"设备 \1"),
        (r"priority '([^']*)' is not known", r"没有优先类别 \1"),
        (r"the password must have at least (\d+) letters", r"密码至少\1位"),
        (r"until: from day on, at most (\d+) days", r"until 不能早于 day,且最多\1天"),
        (r"options: (.*)", r"评价选项 \1 不属于该等级"),
        (r"(\d{4}-\d\d-\d\d) is over", r"\1 已过"),
        (r"(\S+) is (?:offline|powerOff|noDevice)", r"\1 不在线"),
        (
            r"(\S+) is (?:hardwareError|userError|deviceBusy|fraudAttempt|potentialFraud|starting)",
            r"\1 有故障",
        ),
        (r"stops: at most (\d+)", r"stops 最多\1项"),
        (r"stops: (\S+) twice in a row", r"stops 中 \1 连续出现两次"),
        (r"package (\S+)", r"套餐 \1"),
        (r"dead letter (\d+)", r"未送达事件 \1"),
        (r"at most (\d+) webhooks", r"推送地址最多\1个"),
        (r"events: no event is called (\S+)", r"events 没有名为 \1 的事件"),
        (r"number (\S+) is not one of lease (\S+)", r"号码 \1 不属于号段 \2"),
        (r"number (\S+) was handed in under another key", r"号码 \1 已用别的请求编号交回"),
        # why, in a ticket's history
        (r"dropped: (.+)", r"不再办理后续环节 \1"),
        (r"no (\S+) (\S+)", r"没有 \1 \2"),
    )
)
# pydantic's error types (docs.pydantic.dev, Validation Errors) that a client of this API can meet
_INVALID = {
    "missing": "缺少此项",
    "extra_forbidden": "没有此项",
    "json_invalid": "不是有效的JSON",
    "enum": "不在可选值之内",
    "literal_error": "不在可选值之内",
    "string_pattern_mismatch": "格式不符",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "too_long": "项数太多",
    "too_short": "项数太少",
    "greater_than_equal": "太小",
    "greater_than": "太小",
    "less_than_equal": "太大",
    "less_than": "太大",
    "timezone_aware": "缺少时区",
    "string_type": "应为文字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "finite_number": "应为数字",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_attributes_type": "应为对象",
    "model_type": "应为对象",
    "date_parsing": "应为日期(如 2026-11-23)",
    "date_from_datetime_parsing": "应为日期(如 2026-11-23)",
    "datetime_parsing": "应为带时区的时间",
    "datetime_from_date_parsing": "应为带时区的时间",
}


class Told(str):
    """An English value that brings its own Chinese."""

    zh: str

    def __new__(cls, en: str, zh: str) -> Told:
        """Make it of both."""
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def in_chinese(key: str, value: object) -> object:
    """Return an error's value as a Chinese sentence shows it; what has no Chinese stays as it is."""
    if isinstance(value, Told):
        return value.zh
    if not isinstance(value, str):
        return value
    if key == "state":
        return STATES.get(value, value)
    if key == "action":
        return ACTIONS.get(value, value)
    if key not in ("reason", "what", "number"):
        return value
    if value in PHRASES:
        return PHRASES[value]
    for pattern, chinese in PATTERNS:
        found = pattern.fullmatch(value)
        if found:
            return found.expand(chinese)
    return value


def invalid_in_chinese(kind: str) -> str:
    """Return what is wrong with a value, by pydantic's error type."""
    return _INVALID.get(kind, "不符合要求")
