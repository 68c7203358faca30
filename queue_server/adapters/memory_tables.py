"""What the reference store keeps."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from queue_server.adapters.appointment_tables import AppointmentTables
from queue_server.adapters.card_tables import CardTables
from queue_server.adapters.issue_tables import IssueTables
from queue_server.adapters.lease_tables import LeaseTables
from queue_server.adapters.webhook_tables import WebhookTables
from queue_server.application.audit import AuditRow
from queue_server.application.chain_ports import StopDone
from queue_server.application.estimate import Forecasts
from queue_server.application.ports import Event, Outcome, Session, Token, Totp, User
from queue_server.application.statistics import DeskEdge
from queue_server.domain.desk import Desk
from queue_server.domain.evaluation import Evaluation
from queue_server.domain.ticket import Ticket


@dataclass
class Tables:
    """Everything that is kept; `tickets` in the order of issue."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[str, Outcome]] = field(default_factory=dict)
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    totps: dict[str, Totp] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    desk_edges: list[DeskEdge] = field(default_factory=list)
    issue: IssueTables = field(default_factory=IssueTables)
    forecasts: Forecasts = field(default_factory=Forecasts)
    lease: LeaseTables = field(default_factory=LeaseTables)
    appointments: AppointmentTables = field(default_factory=AppointmentTables)
    stops: list[StopDone] = field(default_factory=list)
    webhooks: WebhookTables = field(default_factory=WebhookTables)
    cards: CardTables = field(default_factory=CardTables)

    def snapshot(self) -> Tables:
        """Return a copy; the values themselves never change."""
        return Tables(**{name: copy(value) for name, value in vars(self).items()})
