import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import apdu, ssc, tlv, tunion
from devices.errors import DeviceFault, ProtocolError
from devices.sim.card_reader import ATR, SimCardReader, frame, take_frames
from devices.sim.smart_card import VirtualCard, make_smart_card
from tests.golden import golden, vectors
from tests.strategies import chunked

SSC, TUNION, VPCD = "pcsc_ssc.json", "tunion.json", "vpcd.json"
PERSON = {"name": "张三", "id_number": "11010519491231002X", "issued": "2020-01-01", "expires": "2030-01-01"}


def play(script, answer):
    """Run a script against `answer(command)`; return (what it returned, the commands)."""
    sent = []
    try:
        command = next(script)
        while True:
            sent.append(command)
            command = script.send(answer(command))
    except StopIteration as done:
        return done.value, sent


# --- social-security cards ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, command",
    [
        ("select_ssse", ssc.SELECT_APPLICATION),
        ("select_ef05_p1_00", apdu.select(0x00, b"\xef\x05")),
        ("read_cardno_tag", ssc.CARD_NUMBER.command(ssc.BY_TAG)),
        ("read_cardno_rec", ssc.CARD_NUMBER.command(ssc.BY_NUMBER)),
        ("read_name", ssc.PERSON_NAME.command(ssc.BY_TAG)),
        ("get_response", apdu.get_response(0x14)),
        ("uid", apdu.GET_UID),
    ],
)
def test_each_command_to_a_social_security_card_is_the_published_one(name, command):
    assert command == golden(SSC, name)


@pytest.mark.parametrize(
    "name, record, value",
    [
        ("real_ef05_03", ssc.VERSION, b"3.00"),
        ("syn_ef05_05", ssc.ISSUED, bytes.fromhex("20200101")),
        ("syn_ef05_06", ssc.EXPIRES, bytes.fromhex("20300101")),
        ("syn_ef06_08", ssc.ID_NUMBER, b"11010519491231002X"),
        ("syn_ef06_09", ssc.PERSON_NAME, "张三丰".encode("gbk").ljust(30, b"\0")),
        ("syn_ef06_0A", ssc.SEX, b"1"),
        ("syn_ef06_0B", ssc.NATION, b"\x01"),
        ("syn_ef06_0C", ssc.BIRTH_PLACE, bytes.fromhex("110105")),
        ("syn_ef06_0D", ssc.BIRTH, bytes.fromhex("19491231")),
    ],
)
def test_each_published_record_holds_the_published_value(name, record, value):
    answer = apdu.split(golden(SSC, name))

    assert answer.ok
    assert ssc.value_of(record, answer.data) == value
    assert tlv.encode(record.tag, value) == answer.data


@pytest.mark.parametrize(
    "name, code",
    [
        ("sw_6A82", "file-not-found"),
        ("sw_6982", "security-status"),
        ("sw_63C2", "pin-wrong"),
        ("sw_6983", "pin-blocked"),
        ("sw_6D00", "unknown-command"),
        ("sw_6700", "wrong-length"),
    ],
)
def test_each_published_status_word_has_a_code_an_advice_and_two_sentences(name, code):
    meaning = apdu.meaning_of(apdu.split(golden(SSC, name)).sw)

    assert meaning.code == code
    assert meaning.advice in (apdu.PLACE_AGAIN, apdu.OTHER_CARD, apdu.CALL_STAFF)
    assert meaning.text
    assert any("\u4e00" <= letter <= "\u9fff" for letter in meaning.zh)


def test_the_published_61_is_followed_by_the_published_get_response():
    answers = iter([golden(SSC, "sw_6114"), golden(SSC, "syn_ef06_08")])

    answer, sent = play(apdu.send(ssc.ID_NUMBER.command(ssc.BY_TAG)), lambda _: next(answers))

    assert sent[1:] == [golden(SSC, "get_response")]
    assert answer.data == golden(SSC, "syn_ef06_08")[:-2]


def test_a_card_that_names_the_right_length_is_asked_again_with_it():
    answers = iter([b"\x6c\x14", golden(SSC, "syn_ef06_08")])

    _, sent = play(apdu.send(bytes.fromhex("00B2080020")), lambda _: next(answers))

    assert sent[1].hex() == "00b2080014"


def test_a_card_that_promises_more_for_ever_is_given_up():
    with pytest.raises(ProtocolError):
        play(apdu.send(apdu.GET_UID), lambda _: b"\0\x61\x01")


@pytest.mark.parametrize("records", ["both", "tag", "number"])
@pytest.mark.parametrize("fetched", [False, True])
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("named", [True, False])
def test_every_habit_of_a_card_gives_the_same_holder(records, fetched, exact, named):
    card = make_smart_card(PERSON, 1)
    card.records, card.fetched, card.exact = records, fetched, exact
    if not named:
        card.applications.clear()

    found, _ = play(ssc.find(), card.answer)
    holder, _ = play(ssc.read_holder(), card.answer)

    assert found
    assert (holder.id_number, holder.name, holder.birth) == (PERSON["id_number"], "张三", date(1949, 12, 31))
    assert (holder.issued, holder.expires) == (date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    "record, value",
    [
        (ssc.ID_NUMBER, b"110105194912310021"),
        (ssc.ID_NUMBER, b"1" * 9),
        (ssc.PERSON_NAME, b"\xff" * 30),
        (ssc.PERSON_NAME, b"\x81"),
        (ssc.BIRTH, bytes.fromhex("19500101")),
        (ssc.EXPIRES, bytes.fromhex("20301301")),
    ],
)
def test_what_makes_no_sense_on_a_card_is_refused_without_telling_it(record, value):
    card = make_smart_card(PERSON, 1)
    card.values[record] = value

    with pytest.raises(ValueError) as caught:
        play(ssc.read_holder(), card.answer)
    assert str(caught.value).startswith("the field ")
    assert "19500101" not in str(caught.value)


@pytest.mark.parametrize("data", ["0A0132", "080231", "08", "", "0813" + "31" * 19])
def test_an_item_that_was_not_asked_for_or_is_cut_short_is_refused(data):
    with pytest.raises(ValueError, match="the field 08"):
        ssc.value_of(ssc.ID_NUMBER, bytes.fromhex(data))


@pytest.mark.parametrize("empty", ["FFFFFFFF", "00000000"])
def test_a_date_that_the_card_leaves_empty_is_no_date(empty):
    card = make_smart_card(PERSON, 1)
    card.values[ssc.EXPIRES] = bytes.fromhex(empty)

    holder, _ = play(ssc.read_holder(), card.answer)

    assert holder.expires is None


def test_a_card_that_guards_its_files_is_told_as_such():
    with pytest.raises(DeviceFault) as caught:
        play(ssc.read_holder(), lambda _: golden(SSC, "sw_6982"))
    assert (caught.value.code, caught.value.advice) == ("security-status", "other-card")


def test_a_holder_in_a_traceback_is_nobody():
    holder, _ = play(ssc.read_holder(), make_smart_card(PERSON, 1).answer)

    assert "张" not in repr(holder)
    assert PERSON["id_number"] not in repr(holder)


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=30))
def test_no_answers_whatever_break_a_script_in_another_way_than_it_says(answers):
    for script in (ssc.find, ssc.read_holder, tunion.find, apdu.uid):
        said = iter(answers)
        with contextlib.suppress(ValueError, DeviceFault, ProtocolError):  # these are what it may say
            play(script(), lambda _, said=said: next(said, b"\x6a\x82"))


# --- T-Union -----------------------------------------------------------------------------------------


def test_the_real_transport_card_gives_its_published_number_and_dates():
    said = vectors(TUNION)["fci_real"]["decoded"]
    answers = {golden(TUNION, "select"): golden(TUNION, "fci_real")}

    card, _ = play(tunion.find(), lambda command: answers.get(command, b"\x6a\x82"))

    assert (card.number, card.issuer) == (said["card_no"], said["issuer"])
    assert (card.type, card.version) == (said["type"], said["version"])
    assert (card.start, card.expiry) == (date(2019, 8, 6), date(2040, 12, 31))
    assert card.number not in repr(card)


def test_the_other_commands_to_a_transport_card_are_the_published_ones():
    assert golden(TUNION, "balance") == tunion.GET_BALANCE
    assert golden(TUNION, "file15") == tunion.READ_FILE_15
    assert tunion.log_command(1) == golden(TUNION, "log1")


def test_the_published_balance_and_journey_are_read():
    said = vectors(TUNION)["log_rsp"]["decoded"]

    journey = tunion.decode_journey(apdu.split(golden(TUNION, "log_rsp")).data)

    assert tunion.balance_fen(apdu.split(golden(TUNION, "balance_rsp")).data) == 1234
    assert (journey.sequence, journey.amount_fen, journey.type) == (said["seq"], said["amount_fen"], 6)
    assert (journey.terminal, journey.day, journey.time) == (
        said["terminal"],
        date(2024, 1, 15),
        said["time"],
    )


def test_a_transport_card_whose_answer_lacks_the_file_is_read_from_the_file():
    block = tlv.find(golden(TUNION, "fci_real")[:-2], 0x6F, 0xA5, 0x9F0C)
    answers = {
        golden(TUNION, "select"): b"\x6f\x00\x90\x00",
        golden(TUNION, "file15"): block + b"\x90\x00",
    }

    card, _ = play(tunion.find(), lambda command: answers.get(command, b"\x6a\x82"))

    assert card.number == "3105170010170907984"


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([0x5A, 0x84, 0x9F0C, 0xBF0C]), st.binary(max_size=300)), max_size=5)
)
def test_items_survive_their_bytes(wanted):
    data = b"".join(tlv.encode(tag, value) for tag, value in wanted)

    assert list(tlv.items(data)) == wanted


@pytest.mark.parametrize("data", ["84", "8405AA", "9F", "848200", "8483000001AA", "9F8101AA"])
def test_items_that_are_cut_short_are_refused(data):
    with pytest.raises(ValueError):
        list(tlv.items(bytes.fromhex(data)))


# --- vpcd --------------------------------------------------------------------------------------------


def test_the_captured_conversation_with_vpcd_is_answered_byte_for_byte():
    sim = SimCardReader()
    sim.card = VirtualCard("staff-card", uid=bytes.fromhex("04A1B2C3"))

    def ask(name: str) -> bytes:
        sim.receive(golden(VPCD, name), 0.0)
        return sim.poll(0.0)

    assert ask("off") == ask("on") == ask("reset") == b""
    assert ask("get_atr") == golden(VPCD, "atr_rsp")
    assert ask("apdu") == golden(VPCD, "apdu_rsp")
    assert golden(VPCD, "atr_rsp") == frame(ATR)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=300), max_size=6), st.data())
def test_messages_of_vpcd_survive_any_chunking(payloads, data):
    buffer, taken = bytearray(), []
    for chunk in data.draw(chunked(b"".join(frame(payload) for payload in payloads))):
        buffer += chunk
        taken += take_frames(buffer)

    assert taken == payloads
    assert not buffer
