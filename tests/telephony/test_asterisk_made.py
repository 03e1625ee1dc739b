"""What an Asterisk documents and nobody recorded: parking, ring groups, feature codes, other names, restarts."""

import pytest

from madoguchi.telephony.providers.asterisk.pbx import Pbx
from tests.telephony.wire import NINE, Channel, Wire, hang_up, in_talk


def parked(wire: Wire, seconds: float) -> tuple[Channel, Channel]:
    """1001 sends the customer to the parking lot by its number; the place is 701."""
    customer, phone = in_talk(wire)
    shown = phone.shown("Transferer") + customer.shown("Transferee")
    wire.say(seconds, "BlindTransfer", shown, Result="Success", Extension="700", IsExternal="Yes")
    wire.leaves(seconds, "A", phone)
    customer.exten = "700"
    wire.leaves(seconds, "A", customer)
    wire.gone(seconds, phone)
    wire.enters(seconds, "lot", customer, technology="holding_bridge")
    fields = {"ParkerDialString": "PJSIP/1001", "Parkinglot": "default", "ParkingSpace": "701", "ParkingTimeout": "45"}
    wire.say(seconds, "ParkedCall", customer.shown("Parkee"), **fields)
    wire.say(seconds, "MusicOnHoldStart", customer.shown(), Class="default")
    return customer, phone


def test_a_parked_call_that_a_colleague_fetches_is_one_call() -> None:
    wire = Wire()
    customer, _phone = parked(wire, 10)
    colleague = Channel("PJSIP/1002-00000003", "1.5", number="1002", exten="701")
    wire.new(25, colleague)
    wire.say(25, "UnParkedCall", customer.shown("Parkee") + colleague.shown("Retriever"), ParkingSpace="701")
    wire.leaves(25, "lot", customer, technology="holding_bridge")
    wire.enters(25, "B", colleague, customer)
    hang_up(wire, 40, "B", customer, colleague)
    made = wire.record()
    assert (made["outcome"], made["answered_by"], made["agents"]) == ("answered", "1001", ["1001", "1002"])
    assert (made["talk_s"], made["transfer_wait_s"], made["hold_s"]) == (23.0, 15.0, 0.0)
    assert made["transfers"] == [{"type": "blind", "from": "1001", "to": "700", "result": "answered"}]
    assert (made["ended_by"], made["lost_in_transfer"], made["incomplete"]) == ("caller", False, [])


def test_who_gives_up_while_parked_is_lost_in_a_transfer() -> None:
    wire = Wire()
    customer, _phone = parked(wire, 10)
    wire.asks_to_hang_up(30, customer)
    wire.say(30, "ParkedCallGiveUp", customer.shown("Parkee"), ParkingSpace="701")
    wire.leaves(30, "lot", customer, technology="holding_bridge")
    wire.gone(30, customer)
    made = wire.record()
    assert (made["outcome"], made["talk_s"], made["transfer_wait_s"]) == ("answered", 8.0, 20.0)
    assert (made["lost_in_transfer"], made["ended_by"]) == (True, "caller")
    assert made["transfers"][0]["result"] == "abandoned"


def test_a_parked_call_that_nobody_fetches_comes_back_to_whoever_parked_it() -> None:
    wire = Wire()
    customer, _phone = parked(wire, 10)
    wire.say(55, "ParkedCallTimeOut", customer.shown("Parkee"), ParkingSpace="701")
    wire.leaves(55, "lot", customer, technology="holding_bridge")
    again = Channel("PJSIP/1001-00000009", "1.9", customer, number="1001")
    wire.rings(55, customer, again)
    wire.dialled(58, customer, again, "ANSWER")
    wire.enters(58, "C", again, customer)
    hang_up(wire, 68, "C", customer, again)
    made = wire.record()
    assert (made["talk_s"], made["transfer_wait_s"], made["agents"]) == (18.0, 48.0, ["1001"])
    assert made["transfers"][0]["result"] == "no_answer"


@pytest.mark.parametrize("others_first", [True, False])
def test_a_ring_group_offers_to_all_and_one_takes_it(others_first: bool) -> None:
    wire = Wire()
    customer = Channel("PJSIP/trunk-00000001", "1.0", number="0312345678", exten="0350000005")
    one, two = (Channel(f"PJSIP/{name}-0000000{name[-1]}", f"1.{name[-1]}", customer) for name in ("1001", "1002"))
    wire.new(0, customer)
    for phone in (one, two):
        wire.rings(0, customer, phone)
    two.state = "6"
    wire.say(4, "Newstate", two.shown())
    for phone, status in ((one, "CANCEL"), (two, "ANSWER")) if others_first else ((two, "ANSWER"), (one, "CANCEL")):
        wire.say(4, "DialEnd", customer.shown() + phone.shown("Dest"), DialStatus=status)
    wire.gone(4, one)
    wire.enters(4, "A", two, customer)
    hang_up(wire, 14, "A", customer, two)
    made = wire.record()
    assert [(offer["agent"], offer["result"], offer["ring_s"]) for offer in made["offers"]] == [
        ("1001", "picked_up_by_other", 4.0),
        ("1002", "answered", 4.0),
    ]
    assert (made["answered_by"], made["wait_s"], made["talk_s"], made["incomplete"]) == ("1002", 4.0, 10.0, [])


def test_a_ring_group_of_local_channels_is_of_the_phones_behind_them() -> None:
    wire = Wire()
    customer = Channel("PJSIP/trunk-00000001", "1.0", number="0312345678", exten="0350000005")
    near = Channel("Local/RG-600@group-00000001;1", "1.1", customer, exten="RG-600")
    far = Channel("Local/RG-600@group-00000001;2", "1.2", customer, exten="RG-600")
    phone = Channel("PJSIP/1004-00000004", "1.3", customer)
    wire.new(0, customer)
    wire.new(0, near)
    wire.new(0, far)
    wire.say(0, "LocalBridge", near.shown("LocalOne") + far.shown("LocalTwo"))
    wire.say(0, "DialBegin", customer.shown() + near.shown("Dest"))
    wire.rings(0, far, phone)
    wire.dialled(3, far, phone, "ANSWER")
    wire.enters(3, "far", phone, far)
    wire.say(3, "DialEnd", customer.shown() + near.shown("Dest"), DialStatus="ANSWER")
    wire.enters(3, "near", near, customer)
    wire.asks_to_hang_up(13, phone)
    wire.leaves(13, "far", phone, far)
    wire.gone(13, phone, far)
    wire.leaves(13, "near", near, customer)
    wire.gone(13, near, customer)
    made = wire.record()
    assert (made["answered_by"], made["agents"], made["talk_s"]) == ("1004", ["1004"], 10.0)
    assert made["offers"] == [{"agent": "1004", "result": "answered", "ring_s": 3.0}]
    assert (made["ended_by"], made["incomplete"]) == ("agent", [])


def queued(wire: Wire, seconds: float, customer: Channel, phone: Channel) -> None:
    """In the queue at ``seconds``, answered by ``phone`` two seconds later in bridge ``A``."""
    member = {"Queue": "desk", "Interface": phone.name.split("-")[0]}
    wire.say(seconds, "QueueCallerJoin", customer.shown(), Queue="desk", Position=1)
    wire.new(seconds, phone)
    wire.say(seconds, "AgentCalled", customer.shown() + phone.shown("Dest"), **member)
    wire.say(seconds, "DialBegin", customer.shown() + phone.shown("Dest"))
    wire.dialled(seconds + 2, customer, phone, "ANSWER")
    wire.say(seconds + 2, "QueueCallerLeave", customer.shown(), Queue="desk")
    wire.say(seconds + 2, "AgentConnect", customer.shown() + phone.shown("Dest"), HoldTime=2, RingTime=2, **member)
    wire.enters(seconds + 2, "A", phone, customer)


def test_back_into_the_same_queue_is_a_second_visit_of_one_call() -> None:
    wire = Wire()
    customer = Channel("PJSIP/trunk-00000001", "1.0", number="0312345678", exten="0350000001")
    one = Channel("PJSIP/1001-00000002", "1.1", customer)
    two = Channel("PJSIP/1002-00000003", "1.2", customer)
    wire.new(0, customer)
    queued(wire, 1, customer, one)
    shown = one.shown("Transferer") + customer.shown("Transferee")
    wire.say(13, "BlindTransfer", shown, Result="Success", Extension="500")
    wire.leaves(13, "A", one)
    customer.exten = "500"
    wire.leaves(13, "A", customer)
    wire.gone(13, one)
    queued(wire, 14, customer, two)
    hang_up(wire, 26, "A", customer, two)
    made = wire.record()
    assert [(visit["wait_s"], visit["reason"]) for visit in made["queue_visits"]] == [
        (2.0, "connected"),
        (2.0, "connected"),
    ]
    assert (made["wait_s"], made["talk_s"], made["agents"]) == (2.0, 20.0, ["1001", "1002"])
    assert made["transfers"] == [{"type": "blind", "from": "1001", "to": "500", "result": "answered"}]
    assert made["incomplete"] == []


def test_who_gives_up_while_the_transfer_rings_was_answered_and_lost() -> None:
    wire = Wire()
    customer, phone = in_talk(wire)
    target = Channel("PJSIP/1003-00000003", "1.2", customer)
    shown = phone.shown("Transferer") + customer.shown("Transferee")
    wire.say(12, "BlindTransfer", shown, Result="Success", Extension="1003")
    wire.leaves(12, "A", phone)
    customer.exten = "1003"
    wire.leaves(12, "A", customer)
    wire.gone(12, phone)
    wire.rings(12, customer, target)
    wire.asks_to_hang_up(20, customer)
    wire.dialled(20, customer, target, "CANCEL")
    wire.gone(20, target, customer)
    made = wire.record()
    assert (made["outcome"], made["talk_s"], made["transfer_wait_s"]) == ("answered", 10.0, 8.0)
    assert (made["lost_in_transfer"], made["ended_by"], made["incomplete"]) == (True, "caller", [])
    assert made["transfers"] == [{"type": "blind", "from": "1001", "to": "1003", "result": "abandoned"}]


def test_a_transfer_by_feature_code_holds_until_it_is_done_and_the_consultation_is_no_talk() -> None:
    wire = Wire()
    customer, phone = in_talk(wire)
    near = Channel("Local/1003@from-internal-00000007;1", "1.7", customer, exten="1003")
    far = Channel("Local/1003@from-internal-00000007;2", "1.8", customer, exten="1003")
    target = Channel("PJSIP/1003-00000003", "1.2", customer)
    wire.say(12, "Hold", phone.shown())
    wire.say(12, "MusicOnHoldStart", customer.shown(), Class="default")
    wire.leaves(12, "A", phone)
    wire.new(12, near)
    wire.new(12, far)
    wire.rings(12, far, target)
    wire.dialled(15, far, target, "ANSWER")
    wire.enters(15, "C", target, far)
    wire.enters(15, "B", phone, near)
    wire.leaves(20, "B", near, phone)
    wire.say(20, "MusicOnHoldStop", customer.shown())
    wire.enters(20, "A", near)
    shown = customer.shown("Transferee") + phone.shown("OrigTransferer") + phone.shown("SecondTransferer")
    shown += near.shown("TransferTarget")
    wire.say(20, "AttendedTransfer", shown, Result="Success", DestType="Bridge", DestBridgeUniqueid="A")
    wire.gone(20, phone)
    wire.leaves(21, "A", near)  # the Local channel is optimized away
    wire.leaves(21, "C", target, far)
    wire.enters(21, "A", target)
    wire.gone(21, near, far)
    hang_up(wire, 40, "A", customer, target)
    made = wire.record()
    assert [offer["agent"] for offer in made["offers"]] == ["1001"]
    assert made["segments"] == [{"agent": "1001", "talk_s": 18.0}, {"agent": "1003", "talk_s": 20.0}]
    assert (made["hold_s"], made["hold_count"], made["talk_s"]) == (8.0, 1, 38.0)
    assert [(row["type"], row["from"], row["to"]) for row in made["transfers"]] == [("attended", "1001", "1003")]
    assert (made["answered_by"], made["incomplete"]) == ("1001", [])


def test_a_recording_is_ready_when_its_channel_is_gone() -> None:
    wire = Wire()
    customer, phone = in_talk(wire)
    wire.say(2, "VarSet", customer.shown(), Variable="MIXMONITOR_FILENAME", Value="/var/spool/monitor/1.0.wav")
    wire.say(2, "MixMonitorStart", customer.shown())
    assert wire.record()["recordings"] == []
    hang_up(wire, 12, "A", customer, phone)
    assert wire.record()["recordings"] == [{"file": "/var/spool/monitor/1.0.wav", "leg": "1.0"}]


def test_which_devices_are_ours_is_said_per_telephone_system() -> None:
    wire = Wire(Pbx(ours=r"ext(\d+)", trunks=r"03\d+", extensions={"reception": "9"}))
    customer = Channel("PJSIP/0312-00000001", "1.0", number="09011112222", exten="0350000003")
    phone = Channel("PJSIP/reception-00000002", "1.1", customer)
    wire.new(0, customer)
    wire.rings(0, customer, phone)
    wire.dialled(2, customer, phone, "ANSWER")
    wire.enters(2, "A", phone, customer)
    hang_up(wire, 5, "A", customer, phone)
    made = wire.record()
    assert (made["direction"], made["answered_by"]) == ("inbound", "9")
    assert Pbx(ours=r"ext(\d+)").extension_of("PJSIP/ext1001-0000001c") == "1001"
    assert Pbx(trunks="10").extension_of("PJSIP/10-00000001") is None


@pytest.mark.parametrize("dialled", ["110", "117", "118", "119", "104", "171"])
def test_a_short_public_number_is_no_extension(dialled: str) -> None:
    wire = Wire()
    phone = Channel("PJSIP/1001-00000001", "1.0", number="1001", exten=dialled)
    wire.new(0, phone)
    wire.say(0, "Newstate", phone.shown())
    assert wire.record()["direction"] == "outbound"


def test_a_restarted_telephone_system_ended_its_calls_itself() -> None:
    wire = Wire()
    in_talk(wire)
    wire.events += wire.translation.lost(at=NINE + 60)
    wire.events += wire.translation.begun(at=NINE + 100)
    wire.answer(100, Response="Success", CoreStartupDate="2026-11-22", CoreStartupTime="09:01:30")
    wire.answer(100, Response="Success", EventList="start", Message="Channels will follow")
    wire.answer(100, Event="CoreShowChannelsComplete", EventList="Complete", ListItems=0)
    made = wire.record()
    assert (made["ended_by"], made["end_estimated"]) == ("system", True)
    assert "ended" in made["incomplete"]


def test_the_first_look_of_a_fresh_connector_closes_what_is_gone_and_dates_what_runs() -> None:
    wire = Wire()
    shown = [("Event", "CoreShowChannel"), ("Duration", "00:02:05"), ("BridgeId", "")]
    running = Channel("PJSIP/trunk-00000001", "7.0", number="0312345678", exten="0350000001")
    wire.events += wire.translation.take(shown + running.shown(), at=NINE + 125)
    wire.answer(125, Event="CoreShowChannelsComplete", ListItems=1)
    (snapshot,) = [event for event in wire.events if event.type == "source.snapshot"]
    assert snapshot.payload["calls"] == ["7.0"]
    (begun,) = [event for event in wire.events if event.type == "call.started"]
    assert begun.at is not None
    assert begun.at.timestamp() == NINE
    assert "started" in wire.record()["incomplete"]


@pytest.mark.parametrize("announced", [True, False])
def test_what_shows_a_loss_after_a_cut_names_all_and_the_cut_alone_does_not(announced: bool) -> None:
    wire = Wire()
    customer, phone = in_talk(wire)
    wire.events += wire.translation.lost(at=NINE + 10)
    wire.events += wire.translation.begun(at=NINE + 12)
    for channel in (customer, phone):
        row = [("Event", "CoreShowChannel"), ("BridgeId", "A"), *channel.shown()]
        wire.events += wire.translation.take(row, at=NINE + 12)
    wire.answer(12, Event="CoreShowChannelsComplete", ListItems=2)
    colleague = Channel("PJSIP/1002-00000003", "1.2", customer, number="1002")
    if announced:
        wire.rings(20, customer, colleague)
        wire.dialled(25, customer, colleague, "ANSWER")
    colleague.state = "6"
    wire.leaves(30, "A", phone)
    wire.enters(30, "A", colleague)
    wire.gone(30, phone)
    hang_up(wire, 40, "A", customer, colleague)
    named = set(wire.record()["incomplete"])
    assert {"hold_s", "hold_count"} <= named
    assert ({"answered", "offers", "queue", "talk_s"} <= named) is not announced


def test_a_list_of_which_a_part_was_lost_closes_nothing() -> None:
    wire = Wire()
    in_talk(wire)
    wire.answer(60, Event="CoreShowChannelsComplete", ListItems=2)
    assert wire.record()["outcome"] is None
    assert not any(event.type == "source.snapshot" for event in wire.events)


def test_a_call_that_begins_while_channels_are_listed_is_not_closed() -> None:
    wire = Wire()
    wire.events += wire.translation.asked([("Action", "CoreShowChannels")], at=NINE - 1)
    in_talk(wire)
    wire.answer(3, Event="CoreShowChannelsComplete", ListItems=0)
    assert wire.record()["outcome"] is None


def test_an_order_that_the_telephone_system_refuses_was_no_transfer() -> None:
    for response, transfers in (("Success", 1), ("Error", 0)):
        wire = Wire()
        customer, _phone = in_talk(wire)
        order = [("Action", "Redirect"), ("ActionID", "r-1"), ("Channel", customer.name), ("Exten", "1003")]
        wire.events += wire.translation.asked(order, at=NINE + 5)
        wire.answer(5, Response=response, ActionID="r-1")
        assert len(wire.record()["transfers"]) == transfers


@pytest.mark.parametrize("channel", ["PJSIP/1001", "Local/1001@from-internal/n"])
def test_a_click_without_an_id_of_ours_is_known_by_its_channel(channel: str) -> None:
    wire = Wire()
    order = [("Channel", channel), ("Exten", "0398765432"), ("Variable", "__CTI_REQUEST=77")]
    wire.events += wire.translation.asked([("Action", "Originate"), ("ActionID", "o-1"), *order], at=NINE)
    local = channel.startswith("Local")
    own = Channel("Local/1001@from-internal-00000001;1" if local else "PJSIP/1001-00000001", "5.0", number="1001")
    own.state = "0"
    party = Channel("PJSIP/trunk-00000002", "5.1", own, number="0398765432")
    wire.new(0, own)
    wire.say(0, "DialBegin", own.shown("Dest"))
    own.state = "6"
    wire.say(3, "Newstate", own.shown())
    wire.say(3, "DialEnd", own.shown("Dest"), DialStatus="ANSWER")
    own.exten = "0398765432"
    wire.new(3, party)
    wire.say(3, "DialBegin", own.shown() + party.shown("Dest"))
    wire.dialled(5, own, party, "ANSWER")
    wire.enters(5, "A", party, own)
    wire.asks_to_hang_up(15, party)
    wire.leaves(15, "A", party, own)
    wire.gone(15, party, own)
    made = wire.record()
    assert (made["direction"], made["called"], made["request_id"]) == ("outbound", "0398765432", "77")
    assert (made["caller"]["number"], made["wait_s"], made["talk_s"]) == ("1001", 2.0, 10.0)
    assert (made["outcome"], made["ended_by"], made["incomplete"]) == ("answered", "remote", [])


def test_states_are_told_when_they_change_and_by_whom() -> None:
    wire = Wire()
    for queue in ("desk", "500"):
        wire.answer(1, Event="QueueMember", Queue=queue, Location="PJSIP/1001", Status=1, Paused=0, PausedReason="")
    for queue in ("desk", "500"):
        wire.say(1, "QueueMemberStatus", Queue=queue, Interface="PJSIP/1001", Status=6, Paused=0)
    wire.say(2, "QueueMemberPause", Queue="desk", Interface="PJSIP/1001", Paused=1, PausedReason="Break")
    wire.say(3, "QueueMemberPause", Queue="500", Interface="Local/1001@from-queue/n", Paused=1, PausedReason="Break")
    wire.say(4, "QueueMemberRemoved", Queue="desk", Interface="PJSIP/1001")
    wire.say(5, "QueueMemberRemoved", Queue="500", Interface="PJSIP/1001")
    wire.answer(9, Event="QueueMember", Queue="desk", Location="PJSIP/1001", Status=5, Paused=0, PausedReason="")
    states = [event.payload for event in wire.events if event.type == "agent.state"]
    assert [(one["state"], one["of"]) for one in states] == [
        ("ringing", "device"),
        ("paused", "queue"),
        ("logged_off", "queue"),
        ("unreachable", "device"),
    ]


def test_what_cannot_be_read_makes_that_call_incomplete_and_no_other() -> None:
    wire = Wire()
    customer, phone = in_talk(wire)
    # The answer to a question of ours names no call: that it cannot be read says nothing of the one named before.
    wire.answer(5, Response="Success", CoreStartupDate="yesterday", CoreStartupTime="noon")
    assert wire.translation.set_aside == 1
    hang_up(wire, 20, "A", customer, phone)
    assert wire.record()["incomplete"] == []

    wire = Wire()
    customer, phone = in_talk(wire)
    wire.say(5, "BridgeLeave", phone.shown())
    assert wire.translation.set_aside == 1
    hang_up(wire, 20, "A", customer, phone)
    assert {"answered", "hold", "segments"} <= set(wire.record()["incomplete"])
