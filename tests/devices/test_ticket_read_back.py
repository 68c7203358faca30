"""A printed ticket is read by machines that others made: zbar its codes, tesseract its words.

The pictures are drawn from the very bytes that a printer would get.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from pyzbar.pyzbar import decode

from devices.codecs.escpos_ticket import ticket_bytes
from devices.codecs.ticket_glyphs import draws, with_pictures
from devices.codecs.ticket_layout import NARROW, WIDE, PaperWidth, lay_out
from devices.contracts.printer import TicketSlip
from devices.sim.printer import SimPrinter
from devices.sim.printer_render import render
from tests.devices.slips import SLIP

LARGE = SLIP.model_copy(update={"large": True})
ENGLISH = SLIP.model_copy(
    update={
        "language": "en", "hall": "Jintan Government Service Centre", "service": "Company registration",
        "zone": "Business area", "floor": "Floor 2", "windows": "Window 3", "estimate": "about 10 min",
        "notice": "Please take a seat and watch the screens.", "labels": ("Reprint",), "english": "",
    }
)  # fmt: skip
MIN_LETTER, MAX_LETTER = 12, 170
LABEL_GAP = 26  # dots: more than between two words, less than before a value
PAPERS = {"80mm": WIDE, "58mm": NARROW}


def paper_of(slip: TicketSlip, paper: PaperWidth, name: str = "张*") -> Image.Image:
    lines = with_pictures(lay_out(slip, name, paper, draws=draws, barcode=True), "gbk")
    sim = SimPrinter(width_dots=paper.dots)
    sim.receive(ticket_bytes(lines, paper.columns), 0.0)
    while (due_s := sim.next_due_s()) is not None:
        sim.poll(due_s)
    return Image.open(io.BytesIO(render(sim.tickets[-1].strips, paper.dots))).convert("L")


def runs(dark: list[bool], white: int) -> list[tuple[int, int]]:
    """Return where the ink is, from and to; what is nearer than `white` belongs together."""
    found: list[tuple[int, int]] = []
    for at in (at for at, is_dark in enumerate(dark) if is_dark):
        if found and at - found[-1][1] < white:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def rows_of(picture: Image.Image) -> list[bool]:
    return [min(picture.crop((0, y, picture.width, y + 1)).tobytes()) < 128 for y in range(picture.height)]


def parts(picture: Image.Image) -> list[Image.Image]:
    """Cut a ticket into its lines of text, and a line into label and value; each 48 pixels high."""
    found = []
    for top, bottom in runs(rows_of(picture), 1):
        if not MIN_LETTER <= bottom - top <= MAX_LETTER:
            continue
        band = picture.crop((0, top, picture.width, bottom))
        columns = runs(rows_of(band.transpose(Image.Transpose.TRANSPOSE)), LABEL_GAP)
        halves = columns if columns[0][0] < LABEL_GAP else [(columns[0][0], columns[-1][1])]
        for left, right in halves[:1] + ([(halves[1][0], halves[-1][1])] if halves[1:] else []):
            part = band.crop((left, 0, right, band.height))
            inked = runs(rows_of(part), band.height)
            part = part.crop((0, inked[0][0], part.width, inked[-1][1]))
            scale = 48 / part.height
            found.append(ImageOps.expand(part.resize((max(1, int(part.width * scale)), 48)), 16, 255))
    return found


def words_on(picture: Image.Image, folder: Path, languages: str) -> list[str]:
    """Return what tesseract reads, part by part, without white space."""
    names = []
    for place, part in enumerate(parts(picture)):
        names.append(folder / f"{place:02}.png")
        part.save(names[-1])
    (folder / "list.txt").write_text("\n".join(str(name) for name in names))
    command = ["tesseract", folder / "list.txt", "-", "-l", languages, "--psm", "7"]
    environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, timeout=60, check=True, env=environment)
    return ["".join(line.split()) for line in done.stdout.decode().splitlines() if line.strip()]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("slip", [SLIP, LARGE], ids=["usual", "large"])
def test_zbar_reads_both_codes_from_the_paper(slip: TicketSlip, paper: str) -> None:
    found = {code.type: code.data.decode() for code in decode(paper_of(slip, PAPERS[paper]))}

    assert found == {"QRCODE": SLIP.track_url, "CODE128": "A001"}


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("slip", [SLIP, LARGE], ids=["usual", "large"])
def test_number_window_and_service_are_read_back_from_the_paper(
    slip: TicketSlip, paper: str, tmp_path: Path
) -> None:
    words = words_on(paper_of(slip, PAPERS[paper]), tmp_path, "chi_sim")

    wanted = ("A001", "企业开办", "5人", "1-3号窗口", "取号人", "约10-20分钟", SLIP.hall)
    assert [one for one in wanted if one not in words] == []


def test_an_english_ticket_is_read_back_too(tmp_path: Path) -> None:
    words = words_on(paper_of(ENGLISH, WIDE, "ZHANG*"), tmp_path, "chi_sim+eng")

    wanted = ("A001", "Companyregistration", "Window3", "Floor2", "ZHANG", "Scantofollowthequeue")
    assert [one for one in wanted if one not in " ".join(words)] == []


def test_a_service_that_a_small_font_cannot_set_is_read_from_its_picture(tmp_path: Path) -> None:
    slip = SLIP.model_copy(update={"service": "镕信企业开办"})  # 镕 is not in GB 2312
    lines = with_pictures(lay_out(slip, codepage="gb2312", draws=draws), "gb2312")
    sim = SimPrinter()
    sim.receive(ticket_bytes(lines, WIDE.columns, codepage="gb2312"), 0.0)
    while (due_s := sim.next_due_s()) is not None:
        sim.poll(due_s)
    picture = Image.open(io.BytesIO(render(sim.tickets[-1].strips, WIDE.dots))).convert("L")

    assert "企业开办" not in sim.tickets[-1].text  # that line is a picture
    read = [line for line in words_on(picture, tmp_path, "chi_sim") if "企业开办" in line]
    assert [(line[1:], len(line)) for line in read] == [("信企业开办", 6)]  # 镕 is too rare for tesseract
