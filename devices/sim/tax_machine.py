"""A simulated tax machine on the supervisor link: cassettes, printers, retract bin, door, UPS, switch, light.

`tax_machine_works` is the machine, `tax_machine_link` its end of the wire; here is what ties them, and the
knobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from devices.codecs.cbor import Value
from devices.codecs.tax_link import Cmd, LinkCodec, Payload, Refusal, explain
from devices.sim.base import Action, NotPossible
from devices.sim.tax_machine_link import MachineLink, Refused, number, refills, texts
from devices.sim.tax_machine_works import BIN_SIZE, Works

_ONE_OF = {
    "door": ("closed", "open", "locked", "tampered"),
    "ups": ("low", "engaged", "powering", "recovered"),
    "switch": ("run", "maintenance", "supervisor"),
    "toner": ("full", "low", "out"),
    "paper": ("full", "low", "out", "jammed"),
}
_UNITS_A_PAGE = 3
ACTIONS = (
    Action(
        "sell",
        "市民领票 / a citizen buys invoices",
        {"unit": "invoice1", "count": "2", "pay": "qr|card|cash"},
    ),
    Action("take", "取走 / take what lies in the tray (untaken it is drawn in)"),
    Action("jam", "下一张卡纸 / the next sheet jams"),
    Action("clear-jam", "排除卡纸 / clear the jam"),
    Action("spoil", "下一张作废 / the next sheet is spoiled"),
    Action("double-feed", "下一次走双张 / the next sheet takes another with it"),
    Action(
        "stock", "放入或取出票张,不走补票流程 / put sheets in or out by hand", {"unit": "…", "sheets": "…"}
    ),
    Action("door", "柜门 / the door", {"state": "|".join(_ONE_OF["door"])}),
    Action("ups", "电源 / the UPS", {"state": "|".join(_ONE_OF["ups"])}),
    Action("switch", "操作开关 / the operator switch", {"state": "|".join(_ONE_OF["switch"])}),
    Action("paper", "打印纸 / paper", {"printer": "printerA4|receipt", "state": "|".join(_ONE_OF["paper"])}),
    Action("toner", "墨粉 / toner", {"state": "|".join(_ONE_OF["toner"])}),
    Action("call-button", "呼叫按钮 / press the operator call button"),
    Action("empty-bin", "清空退票箱 / empty the retract bin"),
    Action("power-cut", "断电 / pull the plug"),
    Action("restore-power", "通电 / put the plug back"),
)


@dataclass
class SimTaxMachine:
    """Sans-I/O; see devices.sim.base."""

    address: int = 1
    sheet_s: float = 0.4
    retract_s: float = 20.0
    senses_stock: bool = True
    baud: int | None = None
    journal_id: str = ""
    """Empty: another one for each machine made, as a simulated machine forgets with its process."""
    kind: str = field(default="tax-machine", init=False)
    driver: str = field(default="taxmachine-link", init=False)

    def __post_init__(self) -> None:
        self._link = MachineLink(self.address, self._obey, self.baud)
        self.works = Works(self._tell, self.sheet_s, self.retract_s, self.senses_stock)
        self.works.journal.id = self.journal_id or f"sim-{uuid4().hex[:8]}"

    # --- the wire -------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        self.works.run(now_s)
        if self.works.powered:
            self._link.receive(data, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        self.works.run(now_s)
        return self._link.poll(now_s) if self.works.powered else b""

    def next_due_s(self) -> float | None:
        """Return when something will happen."""
        if not self.works.powered:
            return None
        due = [at for at in (self._link.next_due_s(), self.works.due_s) if at is not None]
        return min(due, default=None)

    def _tell(self, cmd: Cmd, payload: Payload, now_s: float) -> None:
        self._link.tell(cmd, payload, now_s)

    # --- commands -------------------------------------------------------------------------------------

    def _obey(self, cmd: int, payload: Payload, now_s: float) -> Payload:
        try:
            known = Cmd(cmd)
        except ValueError:
            raise Refused(Refusal.UNKNOWN_COMMAND, "unknown-command") from None
        try:
            return self._answer(known, payload, now_s)
        except (KeyError, TypeError, ValueError):
            raise Refused(Refusal.PAYLOAD, "payload") from None

    def _answer(self, cmd: Cmd, payload: Payload, now_s: float) -> Payload:
        journal = self.works.journal
        match cmd:
            case Cmd.STATUS:
                return self._status(now_s)
            case Cmd.CAPABILITIES:
                return {"model": "SIM-ARM", "firmware": "1.0", "functions": ["invoice", "certificate"]}
            case Cmd.SYNCHRONIZE_CLOCK:
                at = datetime.fromisoformat(str(payload["iso8601"])).astimezone(UTC)
                journal.began_at = at - timedelta(seconds=now_s)
                return {}
            case Cmd.GET_STORAGE:
                units = self._units()
                start = number(payload["start"])
                chosen: list[Value] = list(units[start : start + _UNITS_A_PAGE])
                return {"start": start, "of": len(units), "units": chosen}
            case Cmd.JOURNAL_READ:
                return journal.read(number(payload["after"]), number(payload["max"]))
            case Cmd.JOURNAL_ACK:
                if payload["journal"] != journal.id:
                    raise Refused(Refusal.STATE, "other-journal")
                journal.acknowledge(number(payload["upto"]))
                return {"journal": journal.id, "upto": payload["upto"]}
        return self._change_once(cmd, payload, now_s)

    def _change_once(self, cmd: Cmd, payload: Payload, now_s: float) -> Payload:
        command_id = str(payload["id"])
        known = self.works.answered.get(command_id)
        if known is None:
            known = {"id": command_id, **self._change(cmd, payload, now_s)}
            self.works.answered.put(command_id, known)
        return known

    def _change(self, cmd: Cmd, payload: Payload, now_s: float) -> Payload:
        works = self.works
        match cmd:
            case Cmd.INVOICE_LOCK | Cmd.INVOICE_UNLOCK:
                return works.lock(str(payload["unit"]), now_s, locked=cmd is Cmd.INVOICE_LOCK)
            case Cmd.INVOICE_RECONCILE:
                return works.reconcile(str(payload["unit"]), now_s)
            case Cmd.SET_STORAGE:
                works.cassette(payload["unit"]).low = number(payload["low"])
                return {}
            case Cmd.START_EXCHANGE:
                return works.start_exchange(texts(payload["operators"]))
            case Cmd.END_EXCHANGE:
                return works.end_exchange(texts(payload["operators"]), refills(payload["units"]), now_s)
        raise Refused(Refusal.UNKNOWN_COMMAND, "unknown-command")

    def _status(self, now_s: float) -> Payload:
        works = self.works
        broken = works.jammed or works.journal.is_full
        return {
            "device": "hardwareError" if broken else "deviceBusy" if works.sale else "online",
            "paper": dict(works.papers),
            "toner": works.toner,
            "media": "jammed" if works.jammed else "present" if works.tray else "notPresent",
            "door": works.door,
            "ups": works.ups,
            "switch": works.switch,
            "exchange": "active" if works.exchange else "inactive",
            "txn": "active" if works.sale else "inactive",
            "uptime": int(now_s),
        }

    def _units(self) -> list[Payload]:
        words = {"out": "empty", "jammed": "ok"}
        papers = self.works.papers
        rolls: list[Payload] = [
            {"id": name, "type": kind, "replenishment": words.get(papers[name], papers[name])}
            for name, kind in (("receipt", "receipt"), ("printerA4", "paper"))
        ]
        bin_word = (
            "full" if self.works.bin >= BIN_SIZE else "high" if self.works.bin >= BIN_SIZE - 10 else "ok"
        )
        retract: Payload = {
            "id": "retract",
            "type": "retract",
            "replenishment": bin_word,
            "count": self.works.bin,
        }
        cassettes = [one.unit() for one in self.works.cassettes.values()]
        if not self.works.senses_stock:
            for told, one in zip(cassettes, self.works.cassettes.values(), strict=True):
                told["count"] = one.expected
        return [*cassettes, *rolls, retract]

    # --- knobs ----------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return list(ACTIONS)

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        works = self.works
        works.run(now_s)
        match action:
            case "sell":
                unit, count = str(params.get("unit", "invoice1")), int(params.get("count", 1))
                works.sell(unit, count, str(params.get("pay", "qr")), now_s)
            case "take":
                works.take(now_s)
            case "jam" | "spoil" | "double-feed":
                works.next_goes_wrong = action
            case "clear-jam":
                if not works.jammed:
                    raise NotPossible("nothing is jammed")
                works.jammed = False
            case "stock":
                works.cassette(params.get("unit")).sheets = max(0, int(params.get("sheets", 0)))
            case "empty-bin":
                works.bin = 0
            case "power-cut":
                works.lose_power(now_s)
                self._link.forget()
            case "restore-power":
                works.get_power(now_s)
            case _:
                self._sense(action, params, now_s)

    def _sense(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """What the machine notices and tells."""
        state, works = str(params.get("state", "")), self.works
        if action == "call-button":
            self._tell(Cmd.EVT_AUXILIARIES, {"part": "OperatorCallButton", "value": "pressed"}, now_s)
            return
        if action not in _ONE_OF:
            raise ValueError(f"a tax machine cannot {action!r}")
        if state not in _ONE_OF[action]:
            raise ValueError(f"state is one of {', '.join(_ONE_OF[action])}")
        if action == "paper":
            printer = str(params.get("printer", "receipt"))
            if printer not in works.papers:
                raise ValueError(f"printer is one of {', '.join(works.papers)}")
            works.papers[printer] = state
            self._tell(Cmd.EVT_PAPER_THRESHOLD, {"unit": printer, "value": state}, now_s)
        elif action == "toner":
            works.toner = state
            self._tell(Cmd.EVT_TONER_THRESHOLD, {"value": state}, now_s)
        else:
            setattr(works, action, state)
            parts = {"door": "CabinetDoor", "ups": "UPS", "switch": "OperatorSwitch"}
            self._tell(Cmd.EVT_AUXILIARIES, {"part": parts[action], "value": state}, now_s)

    def state(self) -> dict[str, Any]:
        """Return what is seen on the machine; the lights follow its state."""
        works = self.works
        status = self._status(0.0)
        light = "red" if status["device"] == "hardwareError" else "yellow" if works.exchange else "green"
        return {
            **{key: value for key, value in status.items() if key != "uptime"},
            "power": works.powered,
            "light": light if works.powered else "off",
            "tray": works.tray.done if works.tray is not None else 0,
            "retract_bin": works.bin,
            "cassettes": [one.unit() for one in works.cassettes.values()],
            "journal": {"newest": works.journal.newest, "waiting": len(works.journal.entries)},
        }

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk; of a journal entry only its number is shown."""
        return explain(data) or f"part of a frame, {len(data)} bytes"

    def mask_hex(self, direction: str, data: bytes) -> str:
        """Return the bytes; those of journal entries, which name a taxpayer, are hidden."""
        if any(
            frame.cmd == Cmd.JOURNAL_READ and frame.payload.get("entries") for frame in LinkCodec().feed(data)
        ):
            return f"{data[:10].hex(' ')} … {len(data)} bytes with journal entries"
        return data[:600].hex(" ")

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its last byte, a part of a crc, wrong."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data
