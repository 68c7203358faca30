"""`queue-server import users`: the staff of a hall on its first day; each password is told once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher

from queue_server.application.ports import Tx, User
from queue_server.bootstrap.account_rules import account_rules
from queue_server.bootstrap.import_table import Columns, Row
from queue_server.contracts.users import NAME
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall
from queue_server.http.account_rules import AccountRules, check_password
from queue_server.settings import ServerSettings

COLUMNS = Columns(
    needed={"username": ("用户名", "账号", "帐号", "登录名"), "role": ("角色", "岗位")},
    others={"display_name": ("姓名", "名称", "name"), "window": ("窗口", "窗口号")},
)
ROLES = {
    "operator": "operator",
    "窗口人员": "operator",
    "操作员": "operator",
    "supervisor": "supervisor",
    "值班长": "supervisor",
    "主管": "supervisor",
    "admin": "admin",
    "管理员": "admin",
    "系统管理员": "admin",
    "auditor": "auditor",
    "审计员": "auditor",
}
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper: i, l, o, 0, 1."""
MIN_LETTERS = 12
MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Person:
    """One row that may be taken in."""

    line: int
    user: User
    password: str


def password_of(rules: AccountRules) -> str:
    """Return a fresh password in groups of four letters, long enough for the rules."""
    count = max(MIN_LETTERS, rules.min_password)
    letters = [secrets.choice(LETTERS) for _ in range(count)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, count, 4))


def people_of(
    rows: Sequence[Row], hall: Hall, settings: ServerSettings, *, hashed: bool
) -> tuple[list[Person], dict[int, str]]:
    """Return who is to be added, and what is wrong by line.  Without `hashed` the slow hash is left out."""
    rules = account_rules(settings.accounts)
    hasher = PasswordHasher(rules.argon2_time_cost, rules.argon2_memory_kib, rules.argon2_parallelism)
    people: list[Person] = []
    problems: dict[int, str] = {}
    lines: dict[str, int] = {}
    for row in rows:
        password = password_of(rules)
        problem = _problem(row, hall, rules, password, lines)
        if problem:
            problems[row.line] = problem
            continue
        username = row.cells["username"]
        lines[username] = row.line
        digest = hasher.hash(password) if hashed else ""
        window = row.cells.get("window") or None
        role, shown = ROLES[row.cells["role"].lower()], row.cells.get("display_name", "")
        people.append(Person(row.line, User(username, role, digest, shown, window), password))
    return people, problems


def _problem(row: Row, hall: Hall, rules: AccountRules, password: str, lines: dict[str, int]) -> str:
    username, role, window = row.cells["username"], row.cells["role"], row.cells.get("window", "")
    if not re.fullmatch(NAME, username):
        return "the username may have 1 to 64 letters, digits and . _ -"
    if len(row.cells.get("display_name", "")) > MAX_NAME:
        return f"the display_name may have {MAX_NAME} letters at most"
    if username in lines:
        return f"the username of line {lines[username]} stands here again"
    try:
        check_password(rules, username, password)
    except QueueError as error:
        return error.detail("en")
    if role.lower() not in ROLES:
        return "the role is not known; there are: operator, supervisor, admin, auditor"
    if window and window not in hall.windows:
        return "the hall has no such window; `check-config` counts them, hall.toml names them"
    return ""


def add_people(tx: Tx, people: Sequence[Person]) -> list[Person]:
    """Add everybody who is not there yet; return them.  Who is there already stays as is, password too."""
    added = [one for one in people if tx.user(one.user.username) is None]
    for one in added:
        tx.save_user(one.user)
    names = " ".join(f"{one.user.username}:{one.user.role}" for one in added)
    if added:
        tx.note(f"users={names}", action="users-imported")
    return added
