"""The desk at which the demo's letters are written: dates, numbers, who writes, who has read."""

from datetime import datetime, timedelta

from mailsvc.demo.attachments import Attachment
from mailsvc.demo.dice import Dice
from mailsvc.demo.model import (
    VIETNAM,
    Correspondent,
    DemoLetter,
    DemoPerson,
    DemoProvince,
    Role,
    Urgency,
    day_of,
    local_time,
)

DAYS = 60
NAMED = ("KH", "BC", "QĐ", "TB", "HD", "GM")
DAY = 86_400
STAMPS = {
    Urgency.NORMAL: "",
    Urgency.URGENT: "KHẨN",
    Urgency.VERY_URGENT: "THƯỢNG KHẨN",
    Urgency.EXPRESS: "HỎA TỐC",
}


class Desk:
    """Writes letters of one province up to one moment; the same province and moment give the same letters."""

    def __init__(self, province: DemoProvince, now: int) -> None:
        self.province = province
        self.now = now
        self._last_office_moment = last_office_moment(now - 600)
        self.dice = Dice("letters")
        self._written = 0
        self._numbers: set[tuple[str, str, int]] = set()

    # -- when

    def moment(self, days_ago: int) -> int:
        """A working hour so many days ago, or the Friday before a weekend."""
        day = local_time(self.now - days_ago * DAY)
        day -= timedelta(days=max(0, day.weekday() - 4))
        hour, minute = (
            self.dice.pick((7, 8, 8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 16)),
            self.dice.number(0, 59),
        )
        return self._settled(
            datetime(
                day.year, day.month, day.day, hour, max(minute, 30 * (hour == 7)), minute % 60, tzinfo=VIETNAM
            )
        )

    def later(self, sent_at: int, hours: int) -> int:
        """An answer within so many hours, never at night."""
        answer = local_time(sent_at + self.dice.number(8, hours * 60) * 60)
        if answer.hour >= 18:
            answer += timedelta(hours=14)
        elif answer.hour < 7:
            answer += timedelta(hours=7)
        if answer.weekday() > 4:
            answer += timedelta(days=7 - answer.weekday())
        return self._settled(answer)

    def _settled(self, moment: datetime) -> int:
        """Not in the future: what would be is moved to the last office hours."""
        seconds, last = int(moment.timestamp()), self._last_office_moment
        if seconds <= last:
            return seconds
        opened = int(local_time(last).replace(hour=7, minute=0).timestamp())
        return last - self.dice.number(0, max(0, min(4 * 3600, last - opened)))

    def facts(self, sent_at: int) -> dict[str, str]:
        """What the templates ask for. No number is five: see `mailsvc.demo.texts`."""
        day = day_of(sent_at)
        due, when = (day + timedelta(days=self.dice.number(*span)) for span in ((6, 20), (3, 9)))
        when -= timedelta(days=max(0, when.weekday() - 4))  # nobody meets on Sunday
        total, share = self.dice.number(120, 480), self.dice.number(61, 93)
        done = total * share // 100
        return {
            "total": str(total),
            "done": str(done),
            "left": str(total - done),
            "share": str(share),
            "s": str(self.dice.pick((2, 3, 4, 6, 7, 8))),
            "a": str(self.dice.number(6, 49)),
            "b": str(self.dice.number(51, 480)),
            "c": str(self.dice.number(6, 38)),
            "p": str(self.dice.number(41, 97)),
            "due": f"{due:%d/%m/%Y}",
            "when": f"{when:%d/%m/%Y}",
            "week": f"{day.isocalendar().week:02d}/{day.isocalendar().year}",
            "hour": f"{local_time(sent_at):%H:%M}".replace(":", " giờ "),
        }

    def number(self, issuer: str, mark: str, sent_at: int) -> str:
        """Số, ký hiệu: 1234/UBND-NN; of the Party 123-CV/TU. Numbers grow with the days of the year."""
        unit = self.province.unit_by_code[issuer]
        series = (
            mark if mark.startswith(NAMED) else ""
        )  # công văn of a unit are one series, whatever their mark
        habit = Dice(f"number/{issuer}/{series}")
        tenths = habit.number(2, 6) if series else habit.number(5, 12) if unit.tier == "commune" else 0
        tenths = (tenths or habit.number(18, 63)) * (6 if issuer == "UBND" else 1)  # in ten days
        days = day_of(sent_at).timetuple().tm_yday
        number = days * tenths // 10 + 20
        while (issuer, series, number) in self._numbers:
            number += 1
        self._numbers.add((issuer, series, number))
        return f"{number}-{mark}" if unit.branch == "party" else f"{number}/{mark}"

    # -- who

    def unit(self, code: str) -> Correspondent:
        """A unit's own box."""
        box = self.province.unit_box[code]
        return Correspondent(box.name, box.address)

    def person(self, person: DemoPerson) -> Correspondent:
        """Somebody's personal box."""
        return Correspondent(person.full_name, person.address)

    def clerk(self, code: str) -> DemoPerson:
        """Who sends for a unit: its clerk, else its head."""
        office = {"UBND": "VPUBND", "TU": "VPTU"}.get(code, code)
        staff = self.province.staff(office)
        return next((person for person in staff if person.post.role is Role.CLERK), staff[0])

    def signed(self, person: DemoPerson) -> str:
        """The lines under a letter."""
        unit = self.province.unit_by_code[person.post.unit]
        phone = 3_600_000 + 7 * sum(map(ord, person.full_name)) * 13 % 399_991
        return f"-- \n{person.full_name}\n{person.post.title}, {unit.name}\nĐiện thoại: 0263.{phone}"

    # -- the letter

    def write(
        self,
        *,
        from_: Correspondent,
        to: tuple[Correspondent, ...],
        subject: str,
        text: str,
        sent_at: int,
        cc: tuple[Correspondent, ...] = (),
        html: str | None = None,
        attachments: tuple[Attachment, ...] = (),
        sent_by: DemoPerson | None = None,
        answers: DemoLetter | None = None,
        urgency: Urgency = Urgency.NORMAL,
    ) -> DemoLetter:
        """A letter, with who has read it by now."""
        self._written += 1
        key = f"demo.{sent_at}.{self._written:03d}"
        seen, flagged = self._readers((*to, *cc), sent_at, urgency)
        return DemoLetter(
            key=key,
            from_=from_,
            to=to,
            cc=cc,
            subject=subject,
            text=text + "\n",
            html=html,
            attachments=attachments,
            sent_at=sent_at,
            sent_by=sent_by.address if sent_by else None,
            in_reply_to=answers.key if answers else None,
            references=(*answers.references, answers.key) if answers else (),
            urgency=urgency,
            seen_by=seen,
            flagged_by=flagged,
        )

    def answer(
        self,
        to: DemoLetter,
        who: DemoPerson,
        text: str,
        *,
        hours: int,
        unit: str = "",
        file: Attachment | None = None,
    ) -> DemoLetter:
        """An answer to whoever wrote, in one thread, with what was written below it; of a person or for a unit."""
        sent_at = max(self.later(to.sent_at, hours), to.sent_at + 60)
        subject = to.subject if to.subject.startswith("Re: ") else f"Re: {to.subject}"
        return self.write(
            from_=self.unit(unit) if unit else self.person(who),
            to=(to.from_,),
            subject=subject,
            text=f"{text}\n\n{self.signed(who)}\n\n{quoted(to)}",
            sent_at=sent_at,
            attachments=(file,) if file else (),
            sent_by=who,
            answers=to,
            urgency=Urgency.NORMAL,
        )

    def _readers(
        self, recipients: tuple[Correspondent, ...], sent_at: int, urgency: Urgency
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Clerks read almost all within a day, heads less; what is urgent is read sooner and starred more often."""
        age = (self.now - sent_at) / DAY
        percent = 94 if age > 4 else 78 if age > 1 else 30
        if urgency is not Urgency.NORMAL:
            percent = min(97, percent + 15)
        seen: list[str] = []
        flagged: list[str] = []
        for who in recipients:
            readers = self.province.delegates(who.address) or (who.address,)
            for reader in readers:
                person = self.province.person_by_address.get(reader)
                if person is None:
                    continue
                share = 2 if person.post.role in {Role.HEAD, Role.DEPUTY} and len(readers) > 1 else 0
                if self.dice.chance(percent - 20 * share):
                    seen.append(reader)
                    if len(readers) == 1 and self.dice.chance(6 if urgency is Urgency.NORMAL else 30):
                        flagged.append(reader)
        if urgency is not Urgency.NORMAL and recipients and (clerks := [r for r in seen if r not in flagged]):
            flagged.append(self.dice.pick(clerks))
        return tuple(dict.fromkeys(seen)), tuple(dict.fromkeys(flagged))


def last_office_moment(now: int) -> int:
    """Now in office hours; before and after them, the last moment when an office was open."""
    at = local_time(now)
    if at.hour < 8:
        at = at.replace(hour=16, minute=45, second=0) - timedelta(days=1)
    if at.weekday() > 4:
        at = at.replace(hour=16, minute=45, second=0) - timedelta(days=at.weekday() - 4)
    if at.hour >= 17:
        at = at.replace(hour=16, minute=45, second=0)
    return int(at.timestamp())


def quoted(letter: DemoLetter) -> str:
    """What an answer quotes: who wrote when, and the text without its own quotations (RFC 3676 §4.5)."""
    at = local_time(letter.sent_at)
    own = letter.text.partition("\nVào ")[0].rstrip()
    lines = "\n".join(f"> {line}".rstrip() for line in own.splitlines())
    return f"Vào {at:%H:%M} ngày {at:%d/%m/%Y}, {letter.from_.name} đã viết:\n{lines}"
