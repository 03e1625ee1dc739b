"""How inquiries go: what the first line does, how a hand-off ends, what the second line answers."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Any

from madoguchi.demo import telephone
from madoguchi.demo.cases import Case, Text
from madoguchi.demo.lives import Desk, NotYetError
from madoguchi.demo.moves import Life
from madoguchi.demo.post import Correspondence
from madoguchi.demo.questions import ask
from madoguchi.demo.world import Customer, Member, Topic, working_time
from madoguchi.interactions.models import IdentityCheck, Interaction

_CODES = (
    "beyond_scope",
    "beyond_knowledge",
    "beyond_knowledge",
    "needs_access",
    "needs_specialist",
    "needs_specialist",
)
_ASKED = 0.3  # of the tickets that the first line solves, where a department may know
_CODES_RARE = ("no_authority", "customer_asked", "other")


class Plot:
    """One inquiry from its first word to its end, or to the present."""

    def __init__(self, desk: Desk, random: Random, case: Case, customer: Customer) -> None:
        self.desk, self.random, self.case, self.customer = desk, random, case, customer
        self.topic: Topic = desk.world.topics[case.category]
        self.text = Text(
            random, case, {"org": customer.organization_name, "family": customer.family, "given": customer.given}
        )
        key = case.article
        self.article = (desk.world.articles[key], key) if key in desk.world.articles else None
        self.mails = Correspondence(desk, customer)

    # How it begins

    def by_phone(self, at: datetime, by: Member, wait: float) -> None:
        """A caller reaches ``by`` after ``wait`` seconds."""
        talk = max(35.0, self.random.lognormvariate(0, 0.45) * self.case.talk)
        picked = at + timedelta(seconds=wait)
        ended = picked + timedelta(seconds=talk)
        if ended > self.desk.now:
            return
        contact = self._call(at, by, wait, talk)
        if contact["person_id"] is None:
            self._identify(picked + timedelta(seconds=min(22.0, talk * 0.2)), contact, by)
        if self.topic.service == "account" or self.random.random() < 0.25:
            self._check_identity(picked + timedelta(seconds=talk * 0.25), contact, by)
        life = self._raise(
            picked + timedelta(seconds=talk * 0.45),
            "phone",
            by=by,
            body=self.text.spoken(),
            details=self.text.details(0.7),
            contact=contact,
        )
        self._play(life, lambda: self._first_line(life, by, ended, contact))

    def by_mail(self, at: datetime, by: Member) -> None:
        """A mail arrives; ``by`` of the first line takes it up in working time."""
        if at > self.desk.now:
            return
        subject, body = self.text.subject(), self.text.written()
        mail, contact = self.mails.arrive(at, subject, body)
        fields = {"incoming_id": mail}
        life = self._raise(
            at, "mail", by=None, body=body, details={}, contact=contact, subject=subject, message_fields=fields
        )
        self.mails.belongs_to(life)
        self._play(life, lambda: self._first_line(life, by, self._later(at, 4, 45), None))

    def by_hand(self, at: datetime, by: Member, channel: str) -> None:
        """Through the web form, or somebody stands at the counter."""
        if at > self.desk.now:
            return
        visit = channel == "visit"
        contact = self._bare_contact(at, channel, by if visit else None)
        life = self._raise(
            at,
            channel,
            by=by if visit else None,
            body=self.text.spoken(),
            details=self.text.details(0.5),
            contact=contact,
        )
        self._play(life, lambda: self._first_line(life, by, self._later(at, 2 if visit else 4, 40), None))

    # How it goes on

    def _play(self, life: Life, story: Callable[[], None]) -> None:
        with suppress(NotYetError):
            story()
        life.finish()

    def _first_line(self, life: Life, by: Member, at: datetime, contact: dict[str, Any] | None) -> None:
        said_in = contact["id"] if contact else None
        if self.topic.destination is None or self.random.random() < self.case.first:
            if asked := self._ask(life, by, at):
                self._second_answer(life, by, by, asked)
            elif contact is None or self.random.random() > 0.12:
                self._tell(life, by, at, said_in)
                self._end(life, by, at + timedelta(seconds=self.random.uniform(15, 110)), said_in)
            else:
                self._call_back(life, by, at, said_in)
        else:
            self._hand_over(life, by, at + timedelta(seconds=self.random.uniform(40, 400)))
        self._afterwards(life, by)

    def _ask(self, life: Life, by: Member, at: datetime) -> datetime | None:
        """Sometimes only a department knows; when its answer came."""
        matters = self.desk.world.matters.get(self.topic.id)
        if not matters or self.random.random() > _ASKED:
            return None
        return ask(life, self.random.choice(matters), self.random, at + timedelta(seconds=90), by)

    def _tell(self, life: Life, by: Member, at: datetime, said_in: int | None) -> None:
        """The answer reaches the requester: aloud, by mail, or (without an address) by a call."""
        answer = self.text.answer()
        if said_in is not None:
            life.answer(at, answer, by, said_in=said_in)
        elif self.customer.email:
            self._mail(life, at, f"お問い合わせの件、ご案内いたします。\n\n{answer}", by)
        else:
            life.note(at, answer, by)

    def _call_back(self, life: Life, by: Member, at: datetime, said_in: int | None) -> None:
        """The operator has to look it up, promises a time, and keeps it (nearly always)."""
        due = self._later(at, 30, 180)
        row = life.promise(at, due, reason="promised", note=self.text.one_of("notes"), by=by, contact=said_in)
        life.note(at + timedelta(seconds=50), self.text.one_of("notes"), by)
        moment = max(at + timedelta(minutes=10), due + timedelta(minutes=self.random.gauss(-9, 8)))
        spoken = self._call_out(moment, by)
        life.link(moment, spoken, by=by.who)
        told = spoken["ended_at"]
        life.answer(told, self.text.answer(), by, said_in=spoken["id"])
        life.called_back(told, row, by, result="reached", outbound=spoken["id"])
        self._end(life, by, told + timedelta(seconds=30), spoken["id"])

    def _hand_over(self, life: Life, by: Member, at: datetime) -> None:
        to = self.topic.destination
        assert to is not None
        if self.random.random() < 0.5:
            life.note(at - timedelta(seconds=20), self.text.one_of("notes"), by)
        urgent = self.random.random() < (0.3 if self.case.priority == "urgent" else 0.04)
        codes = _CODES if self.random.random() < 0.85 else _CODES_RARE
        details = self.text.details(0.6 if urgent else 1.0) | {"callback_number": self.customer.number}
        for key in () if urgent else self.topic.required:
            details.setdefault(key, "確認済み")
        if "callback_number" not in self.topic.required:
            details.pop("callback_number")
        life.offer(
            at,
            to,
            reason=self.text.reason(),
            code=self.random.choice(codes),
            details=details,
            urgent=self.text.one_of("urgent") if urgent else "",
            by=by,
        )
        engineer = self._engineer(to)
        decided = self._later(at, 3, 12 if urgent else 80)
        if self.random.random() < 0.11:
            self._sent_back(life, by, engineer, decided)
            return
        life.accept(decided, engineer)
        if self.random.random() < 0.035:
            back = self._later(decided, 20, 120)
            life.return_(back, "wrong_team", self.text.one_of("return_notes"), engineer)
            if self.random.random() < 0.5:
                back = self._later(back, 2, 20)
                life.freeze(back, by)
                back = self._later(back, 60, 4000)
                note = "一次窓口でお客様に状況を説明し、訪問の可否を確認したうえで進めてください。"
                life.decide(back, note, self.random.choice(self.desk.world.supervisors))
            self._solved_after_all(life, by, back)
            return
        self._second_line(life, engineer, by, decided)

    def _sent_back(self, life: Life, by: Member, engineer: Member, at: datetime) -> None:
        """Returned before acceptance: the first line solves it after all, or asks what was missing and tries again."""
        if self.random.random() < 0.55 and self.article:
            note = "FAQに手順があります。まず一次で案内をお願いします。"
            life.return_(at, "first_line_can_solve", note, engineer, article=self.article)
            self._solved_after_all(life, by, at)
            return
        life.return_(at, "missing_information", self.text.one_of("return_notes"), engineer)
        again = self._later(at, 10, 60)
        assert self.topic.destination is not None
        details = {
            **self.text.details(),
            **{key: "聞き直して確認" for key in self.topic.required if key not in life.row["details"]},
        }
        life.offer(
            again,
            self.topic.destination,
            reason=self.text.reason(),
            code="beyond_knowledge",
            details=details,
            urgent="",
            by=by,
        )
        accepted = self._later(again, 3, 60)
        life.accept(accepted, engineer)
        self._second_line(life, engineer, by, accepted)

    def _solved_after_all(self, life: Life, by: Member, at: datetime) -> None:
        moment = self._later(at, 10, 90)
        spoken = self._call_out(moment, by)
        life.link(moment, spoken, by=by.who)
        life.answer(spoken["ended_at"], self.text.answer(), by, said_in=spoken["id"])
        self._end(life, by, spoken["ended_at"] + timedelta(seconds=40), spoken["id"])

    def _second_line(self, life: Life, engineer: Member, front: Member, at: datetime) -> None:
        # Most are taken up soon; some need days.
        moment = self._later(at, 8, 150 if self.random.random() < 0.72 else 18_000)
        for _ in range(self.random.choice((0, 1, 1, 2))):
            life.note(moment, self.text.one_of("notes"), engineer)
            moment = self._later(moment, 5, 90)
        if self.random.random() < 0.36:
            if self.customer.email:
                self._mail(life, moment, self.text.one_of("progress"), engineer)
            waiting_for = self.random.choice(("requester", "requester", "vendor", "date"))
            moment += timedelta(minutes=3)
            until = self._later(moment, 900, 12_000) if waiting_for == "date" else None
            life.wait(moment, waiting_for, engineer, until=until)
            moment = until or self._later(moment, 120, 2600 if self.random.random() < 0.6 else 14_000)
            if waiting_for == "requester" and self.customer.email:
                mail, contact = self.mails.arrive(moment, f"Re: {life.row['subject']}", self.text.one_of("more"))
                life.receive(moment, self.text.one_of("more"), contact, mail)
            else:
                life.go_on(moment, engineer)
            moment = self._later(moment, 10, 120)
        self._second_answer(life, engineer, front, moment)

    def _second_answer(self, life: Life, engineer: Member, front: Member, at: datetime) -> None:
        answer = self.text.answer()
        if self.customer.email:
            self._mail(life, at, f"調査が完了しましたのでご報告いたします。\n\n{answer}", engineer)
            self._end(life, engineer, at + timedelta(minutes=2), None, answer)
            return
        message = life.answer(at, answer, engineer, delivery="call_back")
        row = life.promise(at, at, reason="answer_ready", note=answer, by=engineer, message=message)
        moment = self._later(at, 5, 75)
        spoken = self._call_out(moment, front)
        life.link(moment, spoken, by=front.who)
        life.called_back(spoken["ended_at"], row, front, result="reached", outbound=spoken["id"])
        self._end(life, front, spoken["ended_at"] + timedelta(seconds=45), spoken["id"], answer)

    def _afterwards(self, life: Life, by: Member) -> None:
        """Some come back; most are closed after some days."""
        resolved = life.row.get("resolved_at")
        if resolved is None:
            return
        if self.random.random() < 0.045 and self.customer.email:
            back = self._later(resolved, 60, 2400)
            text = self.text.one_of("again")
            mail, contact = self.mails.arrive(back, f"Re: {life.row['subject']}", text)
            life.receive(back, text, contact, mail)
            moment = self._later(back, 15, 240)
            self._mail(
                life, moment, f"ご不便をおかけしております。あらためて確認しました。\n\n{self.text.answer()}", by
            )
            self._end(life, by, moment + timedelta(minutes=3), None)
            resolved = life.row["resolved_at"]
        life.close(self._later(resolved, 3 * 24 * 60, 6 * 24 * 60), by.who)

    # Small steps

    def _end(self, life: Life, by: Member, at: datetime, said_in: int | None, answer: str = "") -> None:
        used = (
            self.article if self.article and self.random.random() < (0.86 if not life.row["moves"] else 0.45) else None
        )
        why = "" if used else self.text.one_of("no_article")
        life.resolve(at, answer or self.text.answer(), by, article=used, why_none=why, said_in=said_in)

    def _mail(self, life: Life, at: datetime, body: str, by: Member) -> None:
        life.answer(at, body, by, delivery="mail", outgoing=self.mails.send(at, life, body, by))

    def _raise(
        self,
        at: datetime,
        channel: str,
        *,
        by: Member | None,
        body: str,
        details: dict[str, Any],
        contact: dict[str, Any],
        subject: str = "",
        message_fields: dict[str, Any] | None = None,
    ) -> Life:
        partner = by is not None and by.team == self.desk.world.partner
        return Life(
            self.desk,
            at=at,
            subject=subject or self.text.subject(),
            body=body,
            channel=channel,
            by=by.who if by else self.customer.who,
            topic=self.topic,
            requester=self.customer,
            details=details,
            priority=self.case.priority if self.random.random() > 0.05 else "high",
            front=self.desk.world.partner if partner else None,
            contact=contact,
            message_fields=message_fields,
        )

    def _call(self, at: datetime, by: Member, wait: float, talk: float) -> dict[str, Any]:
        known = self.customer if self.customer.own else None
        return telephone.answered(
            self.desk, self.random, at=at, number=self.customer.number, person=known, by=by, wait=wait, talk=talk
        )

    def _call_out(self, at: datetime, by: Member) -> dict[str, Any]:
        self.desk.until_now(at + timedelta(minutes=20))
        talk = self.random.uniform(50, 260)
        return telephone.outbound(
            self.desk, self.random, at=at, number=self.customer.number, person=self.customer, by=by, talk=talk
        )

    def _bare_contact(self, at: datetime, channel: str, by: Member | None) -> dict[str, Any]:
        contact = self.desk.tables[Interaction].new_id()
        who = by.who if by else self.customer.who
        team = by.team if by else self.desk.world.front
        self.desk.ledger.record(
            at,
            "interaction.opened",
            by=who,
            about=[
                ("interaction", contact),
                ("person", self.customer.id),
                ("staff", by.id if by else None),
                ("team", team),
            ],
            data={"channel": channel, "direction": "inbound"},
        )
        return {
            "id": contact,
            "channel": channel,
            "person_id": self.customer.id,
            "organization_id": self.customer.organization,
            "staff_id": by.id if by else None,
            "team_id": team,
            "started_at": at,
            "ended_at": at,
        }

    def _identify(self, at: datetime, contact: dict[str, Any], by: Member) -> None:
        contact["person_id"], contact["organization_id"] = self.customer.id, self.customer.organization
        about = [("interaction", contact["id"]), ("person", self.customer.id)]
        self.desk.ledger.record(at, "interaction.identified", by=by.who, about=about, data={"name": self.customer.name})

    def _check_identity(self, at: datetime, contact: dict[str, Any], by: Member) -> None:
        contract = next(iter(self.customer.contracts), None)
        questions = ["契約番号の下4桁", "ご登録の代表電話番号"]
        self.desk.tables[IdentityCheck].add(
            interaction_id=contact["id"],
            person_id=self.customer.id,
            contract_id=contract.id if contract else None,
            asked=[{"question": question, "passed": True} for question in questions],
            passed=True,
            read_back=True,
            staff_id=by.id,
            at=at,
        )
        self.desk.ledger.record(
            at,
            "identity.checked",
            by=by.who,
            about=[("interaction", contact["id"]), ("person", self.customer.id)],
            data={"passed": True, "questions": len(questions), "read_back": True},
        )

    def _engineer(self, team: int) -> Member:
        return self.random.choice(self.desk.world.engineers[team])

    def _later(self, at: datetime, least: float, most: float) -> datetime:
        return working_time(at, self.random.uniform(least, most), self.random)
