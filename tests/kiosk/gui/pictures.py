"""Pictures of every screen, for looking at: `STAGE_SIZE=1920x1080 python -m tests.kiosk.gui.pictures DIR`.

The departments and services are those of the demonstration hall.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Department, Hall, Package, Service
from kiosk.flows.intake_words import Event, Paper
from tests.kiosk.gui.stage import SIZE, Stage

DEMO = Path(__file__).parents[3] / "config" / "demo" / "hall.toml"
TICKET = w.Ticket(
    "t", "B012", "不动产登记(一窗受理)", windows=("8", "9", "10"), ahead=12, wait_low_s=900, wait_high_s=2400
)
CITIZEN = w.Citizen("张三丰", "resident", "1", masked_name="张*")
CARD = (w.DepartmentChosen("q", "D04"), w.ServiceChosen("r", "B"))
SHOWN = (*CARD, w.CardSeen("r", CITIZEN), w.TicketIssued("r", TICKET))
BOOKED = w.Ticket(
    "t", "B012", "不动产登记(一窗受理)", windows=("8", "9"), ahead=2, service_id="B", booked=True
)
CHECK_IN = (w.ErrandChosen("r", w.Errand.CHECK_IN),)
CODE = (*CHECK_IN, w.CodeWanted("r"))
TYPED = (*CODE, *(w.LetterTyped("r", letter) for letter in "7K3WPQ"))
FULL = (*TYPED, w.LetterTyped("r", "9"), w.LetterTyped("r", "X"), w.CodeEntered("r"))
PLACE = (w.ErrandChosen("r", w.Errand.PLACE),)
FOUND = (*PLACE, w.CardSeen("r", CITIZEN))
SCANNER = w.MachineChanged("scanner")
SCANNED = w.CodeScanned("r", "https://hall.example/t/mV0c3Qm9rZW5leGFtcGxl")
LOOKED_UP = w.Ticket(
    "", "B012", "不动产登记(一窗受理)", ahead=12, wait_low_s=900, wait_high_s=2400, looked_up=True
)
CALLED = w.Ticket("u", "J007", "社会保险", windows=("30",), service_id="J", state="called", window="30")
STOPS = (
    w.Stop("发票税控", "Tax invoices"),
    w.Stop("社会保险", "Social insurance"),
    w.Stop("住房公积金", "Housing fund"),
)
CHAIN = w.Ticket("t", "A031", "企业开办", windows=("3", "4"), ahead=4, wait_low_s=600, wait_high_s=1500,
                 service_id="A", stops=STOPS)  # fmt: skip
PACKAGE = (w.PackagesOpened(), w.PackageChosen("r", "START-UP"))


def refused(code: str, **more: Any) -> tuple[Event, ...]:
    """Return a card at the check-in, and the server's no."""
    return (*CHECK_IN, w.CardSeen("r", CITIZEN), w.IssueRefused("r", code, code, "", **more))


SCREENS: dict[str, tuple[Event, ...]] = {
    "departments": (),
    "departments-2": (w.PageTurned(1),),
    "services": (w.DepartmentChosen("q", "D05"),),
    "card": CARD,
    "card-fault": (*CARD, w.CardFailed("r", "reader-fault")),
    "card-again": (*CARD, w.CardFailed("r", "read-failed")),
    "issuing": (*CARD, w.CardSeen("r", CITIZEN)),
    "printing": SHOWN,
    "printed": (*SHOWN, w.PrintDone("r", "t", 1, Paper.PRINTED)),
    "print-failed": (*SHOWN, w.PrintDone("r", "t", 1, Paper.FAILED)),
    "sorry": (*CARD, w.WithoutCard("r"), w.IssueFailed("r")),
    "out-of-order": (w.ServerLost(),),
    "check-in": CHECK_IN,
    "check-in-fault": (*CHECK_IN, w.CardFailed("r", "reader-fault")),
    "code": CODE,
    "code-typed": TYPED,
    "code-unknown": (*FULL, w.IssueRefused("r", "appointment-not-found", "no")),
    "checked-in": (*FULL, w.TicketIssued("r", BOOKED)),
    "early": refused("appointment-early", moment="09:30"),
    "late": refused("appointment-late"),
    "unknown": refused("appointment-not-found"),
    "place-card": PLACE,
    "place-searching": FOUND,
    "place": (*FOUND, w.PlacesTold("r", (TICKET,))),
    "place-called": (*FOUND, w.PlacesTold("r", (CALLED, TICKET))),
    "place-none": (*FOUND, w.PlacesTold("r", ())),
    "reprinted": (
        *(*FOUND, w.PlacesTold("r", (TICKET,)), w.ReprintWanted("r")),
        w.PrintDone("r", "t", 1, Paper.PRINTED),
    ),
    "held": (
        *CARD,
        w.CardSeen("r", CITIZEN),
        w.IssueRefused("r", "already", "x", held=TICKET),
    ),
    "check-in-scanner": (SCANNER, *CHECK_IN),
    "check-in-scanner-fault": (SCANNER, *CHECK_IN, w.CardFailed("r", "reader-fault")),
    "code-scanner": (SCANNER, *CODE),
    "place-scanner": (SCANNER, *PLACE),
    "scan-foreign": (w.CodeScanned("r", "https://pay.example/1"),),
    "scan-place": (SCANNED, w.PlacesTold("r", (LOOKED_UP,))),
    "scan-place-over": (SCANNED, w.PlacesTold("r", (replace(LOOKED_UP, state="done", window="9"),))),
    "scan-no-ticket": (SCANNED, w.IssueRefused("r", "not-found", "no")),
    "packages": PACKAGE[:1],
    "package-card": PACKAGE,
    "package-ticket": (*PACKAGE, w.WithoutCard("r"), w.TicketIssued("r", CHAIN)),
    "still-there": (w.DepartmentChosen("q", "D05"), w.Tick(50.0), w.Tick(110.0)),
}


def demo_hall() -> Hall:
    """Return the demonstration hall with some people waiting."""
    data = tomllib.loads(DEMO.read_text(encoding="utf-8"))
    zones = {zone["id"]: zone for zone in data["zone"]}
    services = []
    for index, one in enumerate(data["service"]):
        zone, waiting = zones[one["zone"]], (index * 7) % 25
        services.append(
            Service(
                one["id"],
                one["name"],
                one["en"],
                tuple(one["departments"]),
                zone["name"],
                zone["en"],
                zone["floor"],
                tuple(window["id"] for window in data["window"] if one["id"] in window["skills"]),
                open=one["id"] != "R",
                closed_reason="午休",
                waiting=waiting,
                wait_low_s=waiting * 90,
                wait_high_s=waiting * 200,
                matters=tuple(m if isinstance(m, str) else m["name"] for m in one["matters"]),
            )
        )
    about = {
        d["code"]: Department(d["code"], d["name"], d["short"], d["en"], d["icon"])
        for d in data["department"]
    }
    order = dict.fromkeys(code for service in services for code in service.departments)
    return Hall(
        data["hall"]["name"],
        data["hall"]["en"],
        data["hall"]["slogan"],
        True,
        "",
        tuple(about[code] for code in order),
        tuple(services),
        packages=tuple(
            Package(one["id"], one["name"], one["en"], tuple(one["services"])) for one in data["package"]
        ),
    )


def main(folder: Path, wanted: list[str]) -> None:
    """Write `SCREEN_LANGUAGE[_elder].png` for every screen, or for those whose name is wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    stage = Stage((int(SIZE[0]), int(SIZE[1])))
    for name, events in SCREENS.items():
        for language in ("zh", "en"):
            for elder in (False, True):
                file = f"{name}_{language}{'_elder' if elder else ''}.png"
                if wanted and not any(part in file for part in wanted):
                    continue
                stage.restart()
                first = [w.ElderToggled()] if elder else []
                stage.say(w.Tick(0.0), w.HallLoaded(demo_hall()), w.LanguageChosen(language), *first, *events)
                stage.shot(folder / file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
