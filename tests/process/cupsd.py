"""A real CUPS in a folder of its own: its own configuration, spool, socket and a back-end that obeys a test.

Nothing of the machine's own CUPS is read or written but its programs and filters.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

SYSTEM = Path("/usr/lib/cups")
QUEUE = "A4-1"
START_S = 10
CUPSD = """
Listen {room}/cups.sock
LogLevel warn
Browsing Off
WebInterface No
DefaultAuthType None
PreserveJobHistory Yes
PreserveJobFiles No
JobRetryInterval 1
MultipleOperationTimeout 900
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
FILES = """
ServerRoot {room}/etc
ServerBin {room}/bin
StateDir {room}/run
CacheDir {room}/cache
RequestRoot {room}/spool
TempDir {room}/tmp
AccessLog {room}/log/access
ErrorLog {room}/log/error
PageLog {room}/log/page
"""
# $1 job $2 user $3 title $4 copies $5 options $6 file.  `orders` says what to do, `gate` is what it waits at.
BACKEND = """#!/bin/sh
[ $# = 0 ] && exit 0
room={room}/paper
case "$(cat $room/orders)" in
fail) echo "STATE: -media-empty-error" >&2; exit 1 ;;
empty) echo "STATE: +media-empty-error" >&2; read go < $room/gate; echo "STATE: -media-empty-error" >&2 ;;
hang) echo "STATE: -media-empty-error" >&2; read go < $room/gate ;;
esac
echo "STATE: -media-empty-error" >&2
cat "${{6:--}}" > "$room/$1.pdf.part"
echo "$3|$5" > "$room/$1.txt"
mv "$room/$1.pdf.part" "$room/$1.pdf"
echo "PAGE: 1 1" >&2
"""
PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "TEST.PPD"
*Product: "(Test)"
*Manufacturer: "Test"
*ModelName: "Test A4"
*NickName: "Test A4"
*ShortNickName: "Test A4"
*PSVersion: "(3010) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*cupsFilter2: "application/pdf application/vnd.cups-pdf 0 -"
*OpenUI *PageSize/Size: PickOne
*DefaultPageSize: A4
*PageSize A4/A4: ""
*PageSize A5/A5: ""
*CloseUI: *PageSize
*OpenUI *PageRegion/Region: PickOne
*DefaultPageRegion: A4
*PageRegion A4/A4: ""
*PageRegion A5/A5: ""
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: "0 0 595 842"
*ImageableArea A5/A5: "0 0 420 595"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: "595 842"
*PaperDimension A5/A5: "420 595"
*OpenUI *Duplex/Duplex: PickOne
*DefaultDuplex: None
*Duplex None/Off: ""
*Duplex DuplexNoTumble/Long: ""
*Duplex DuplexTumble/Short: ""
*CloseUI: *Duplex
"""


class CupsDaemon:
    """One cupsd with one queue.  `paper` holds what came out: N.pdf, and N.txt with title and options."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.paper = room / "paper"
        self.socket = str(room / "cups.sock")
        self._process: subprocess.Popen[bytes] | None = None
        self._furnish()

    def order(self, word: str) -> None:
        """Tell the back-end what to do with the jobs from now on: ok, fail, empty, hang."""
        (self.paper / "orders").write_text(word)

    def open_gate(self) -> None:
        """Let a job that is held by `empty` or `hang` go on; nothing when none is."""
        try:
            gate = os.open(self.paper / "gate", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody waits there
            return
        os.write(gate, b"go\n")
        os.close(gate)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["/usr/sbin/cupsd", "-f", "-c", self.room / "etc/cupsd.conf"]
        self._process = subprocess.Popen([*command, "-s", self.room / "etc/cups-files.conf"])
        self._admin(f"lpstat -h {self.socket} -r")

    def add_queue(self) -> None:
        """Set the queue up as a technician does."""
        (self.room / "test.ppd").write_text(PPD)
        self._admin(
            f"lpadmin -h {self.socket} -p {QUEUE} -E -v tray:/1 -P {self.room}/test.ppd"
            " -o printer-error-policy=abort-job"
        )

    def freeze(self) -> None:
        """Let it hang."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self.open_gate()
            self.thaw()
            self._process.terminate()
            self._process.wait(START_S)
            self._process = None

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _furnish(self) -> None:
        self.room.chmod(0o755)
        for name in ("etc/ppd", "bin/backend", "run/certs", "cache", "spool/tmp", "tmp", "log", "paper"):
            (self.room / name).mkdir(parents=True)
        self.paper.chmod(0o777)  # cupsd runs back-ends as another user when it can
        os.mkfifo(self.paper / "gate")
        (self.paper / "gate").chmod(0o666)
        for name in ("filter", "daemon", "monitor", "notifier", "driver", "cgi-bin"):
            if (SYSTEM / name).exists():
                (self.room / "bin" / name).symlink_to(SYSTEM / name)
        for name in ("mime.types", "mime.convs"):
            if (Path("/usr/share/cups/mime") / name).exists():
                shutil.copy(Path("/usr/share/cups/mime") / name, self.room / "etc")
        (self.room / "etc/cupsd.conf").write_text(CUPSD.format(room=self.room))
        (self.room / "etc/cups-files.conf").write_text(FILES.format(room=self.room))
        backend = self.room / "bin/backend/tray"
        backend.write_text(BACKEND.format(room=self.room))
        backend.chmod(0o755)
        self.order("ok")

    def run(self, command: str) -> None:
        """Run `cupsdisable`, `cupsenable` and the like on the queue."""
        self._admin(f"{command} -h {self.socket} {QUEUE}")

    def _admin(self, command: str) -> bytes:
        """Run a command of CUPS until it works: cupsd needs a moment after its start."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        said = b""
        for _ in range(START_S * 20):
            done = subprocess.run(
                command.split(), capture_output=True, timeout=START_S, env=environment, check=False
            )
            said = done.stdout + done.stderr
            if done.returncode == 0 and b"not running" not in said:
                return said
            if self._ended_within(0.05):
                break
        raise RuntimeError(f"cupsd: {said.decode()} {(self.room / 'log/error').read_text()[-500:]}")

    def _ended_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
