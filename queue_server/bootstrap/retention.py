"""Runs the retention until there is nothing old left."""

from __future__ import annotations

import logging
from functools import partial

from queue_server.application.ports import Store
from queue_server.application.retention import Forgotten, Keep, forget_some

log = logging.getLogger(__name__)


async def forget_old(store: Store, keep: Keep) -> Forgotten:
    """Forget what is too old, in small transactions; return how much.  Raises Busy."""
    answers = identities = appointments = 0
    more = True
    while more:
        done = await store.change(partial(forget_some, keep=keep), "system")
        answers, identities, more = answers + done.answers, identities + done.identities, done.more
        appointments += done.appointments
    if answers or identities or appointments:
        told = {"answers": answers, "identities": identities, "appointments": appointments}
        log.info("forgot what was old", extra=told)
    return Forgotten(answers, identities, appointments)
