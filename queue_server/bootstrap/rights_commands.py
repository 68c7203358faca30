"""Subcommands of record and rights: people, machines, the audit."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from queue_server.adapters import audit_sqlite
from queue_server.adapters.sqlite_file import DatabaseProblem
from queue_server.application.audit import Head
from queue_server.bootstrap.commands import COMMANDS, Command, Failed
from queue_server.settings import ServerSettings


def run_audit(settings: ServerSettings, given: Namespace) -> None:
    """Check every row of the audit; name the first broken one."""
    try:
        broken, head = audit_sqlite.verify(settings.database_path, given.head)
    except DatabaseProblem as error:
        raise Failed(str(error)) from error
    if broken is not None:
        raise Failed(
            f"the audit is broken at row {broken.seq}: {broken.reason}; rows up to {head.seq} are sound"
        )
    print(f"ok: {head.seq} rows, head {head.seq}:{head.hash}")


def _head(text: str) -> Head:
    seq, colon, digest = text.partition(":")
    if not colon or not seq.isdecimal() or len(digest) != 64:
        raise ArgumentTypeError("SEQ:HASH as `audit verify` printed it")
    return Head(int(seq), digest)


def _audit_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=["verify"], help="check the whole chain")
    parser.add_argument(
        "--head",
        type=_head,
        metavar="SEQ:HASH",
        help="a head that was written down before; must still be there",
    )


COMMANDS["audit"] = Command(
    "check that nobody changed the record", "audit verify", run_audit, _audit_arguments
)
