"""Official letters: a matter goes out, units answer, some are reminded."""

from mailsvc.demo.desk import DAYS, STAMPS, Desk
from mailsvc.demo.documents import matter_file, report_file
from mailsvc.demo.model import BoxKind, Correspondent, DemoLetter, DemoPerson, Role, Urgency, local_time
from mailsvc.demo.texts.answers import NOTED, REMINDERS, REPORTS, THANKS
from mailsvc.demo.texts.economy import ECONOMY
from mailsvc.demo.texts.matter import Answer, Audience, Matter
from mailsvc.demo.texts.party import PARTY
from mailsvc.demo.texts.society import SOCIETY
from mailsvc.demo.units import COMMUNE_COMMITTEES, COMMUNE_PARTY, DEPARTMENTS, MASS_UNITS

_UNITS = {
    Audience.COMMUNES: COMMUNE_COMMITTEES,
    Audience.DEPARTMENTS: DEPARTMENTS,
    Audience.STATE: (*DEPARTMENTS, *COMMUNE_COMMITTEES),
    Audience.PARTY: COMMUNE_PARTY,
    Audience.MASS: MASS_UNITS,
    Audience.COMMITTEE: ("UBND",),
}
_GREETINGS = {
    Audience.COMMUNES: "Kính gửi: Ủy ban nhân dân các xã, phường,",
    Audience.DEPARTMENTS: "Kính gửi: Các sở, ban, ngành cấp tỉnh,",
    Audience.STATE: "Kính gửi:\n- Các sở, ban, ngành cấp tỉnh;\n- Ủy ban nhân dân các xã, phường.",
    Audience.PARTY: "Kính gửi: Các đảng ủy xã, phường,",
    Audience.MASS: "Kính gửi: Các tổ chức chính trị - xã hội cấp tỉnh,",
    Audience.COMMITTEE: "Kính gửi: Ủy ban nhân dân tỉnh,",
}
_KINDS = {"": "Công văn", "GIẤY MỜI": "Giấy mời", "BÁO CÁO": "Báo cáo", "KẾ HOẠCH": "Kế hoạch"}


def correspondence(desk: Desk) -> list[DemoLetter]:
    """Every matter with its answers, spread over the days."""
    matters = (*ECONOMY, *SOCIETY, *PARTY)
    letters: list[DemoLetter] = []
    for place, matter in enumerate(matters):
        days_ago = 1 + (place * 23) % (DAYS - 3)  # 23 steps through the days without order
        letters += _matter(desk, matter, days_ago)
    return letters


def _matter(desk: Desk, matter: Matter, days_ago: int) -> list[DemoLetter]:
    first = _directive(desk, matter, desk.moment(days_ago))
    letters = [first]
    receivers = tuple(code for code in _UNITS[matter.audience] if code != matter.issuer)
    who_answers = desk.dice.some(receivers, matter.answers)
    if (
        matter.answers > 1
        and "UBND-DARON" in receivers
        and "UBND-DARON" not in who_answers
        and desk.dice.chance(40)
    ):
        who_answers = (*who_answers[1:], "UBND-DARON")
    for code in who_answers:
        answer = _answer(desk, matter, first, code)
        letters.append(answer)
        if matter.answer is Answer.REPORT and desk.dice.chance(40):
            text = desk.dice.pick(THANKS).format(unit=desk.province.unit_by_code[code].name)
            letters.append(
                desk.answer(answer, _specialist(desk, matter.issuer), text, hours=20, unit=matter.issuer)
            )
    if matter.answer is Answer.REPORT and days_ago > 8:
        letters.append(_reminder(desk, matter, first, tuple(c for c in receivers if c not in who_answers)))
    return letters


def _directive(desk: Desk, matter: Matter, sent_at: int) -> DemoLetter:
    clerk = desk.clerk(matter.issuer)
    number = desk.number(matter.issuer, matter.mark, sent_at)
    facts = desk.facts(sent_at)
    body = tuple(paragraph.format(**facts) for paragraph in matter.body)
    issuer = desk.province.unit_by_code[matter.issuer]
    kind = _KINDS.get(matter.kind, matter.kind.capitalize())
    stamp = STAMPS[matter.urgency]
    dated = f"số {number} ngày {local_time(sent_at):%d/%m/%Y}"
    opening = f"{issuer.name} gửi {kind} {dated} về việc {matter.summary}."
    if matter.kind:
        opening = f"{issuer.name} gửi {kind} {matter.summary} ({dated})."
    shown = body[:2] if matter.file else body
    closing = "Nội dung đầy đủ ở tệp kèm theo. Trân trọng." if matter.file else "Trân trọng."
    text = "\n\n".join((_GREETINGS[matter.audience], opening, *shown, closing, desk.signed(clerk)))
    summary = f"V/v {matter.summary}" if not matter.kind else f"{kind} {matter.summary}"
    receivers = tuple(code for code in _UNITS[matter.audience] if code != matter.issuer)
    return desk.write(
        from_=desk.unit(matter.issuer),
        to=tuple(desk.unit(code) for code in receivers),
        cc=_copies(desk, matter),
        subject=f"{stamp}: {summary} ({number})" if stamp else f"{number}: {summary}",
        text=text,
        sent_at=sent_at,
        attachments=(matter_file(desk, matter, number, body, sent_at),) if matter.file else (),
        sent_by=clerk,
        urgency=matter.urgency,
    )


def _copies(desk: Desk, matter: Matter) -> tuple[Correspondent, ...]:
    """One's own head gets a copy, and of what is urgent also the chairman's post box."""
    copies = []
    head = next((p for p in desk.province.staff(matter.issuer) if p.post.role is Role.HEAD), None)
    if head is not None and desk.dice.chance(35):
        copies.append(desk.person(head))
    if matter.urgency is not Urgency.NORMAL:
        box = desk.province.box_by_address[f"chutich@{desk.province.domain}"]
        copies.append(Correspondent(box.name, box.address))
    if matter.kind == "GIẤY MỜI" or matter.urgency is not Urgency.NORMAL:
        copies += _chairs(desk, matter)
    return tuple(copies)


def _chairs(desk: Desk, matter: Matter) -> list[Correspondent]:
    """The post boxes of the heads among the receivers: who is invited, and who must act at once."""
    receivers = _UNITS[matter.audience]
    return [
        Correspondent(box.name, box.address)
        for box in desk.province.boxes
        if box.kind is BoxKind.POST and box.unit in receivers and box.unit != "UBND"
    ]


def _answer(desk: Desk, matter: Matter, first: DemoLetter, code: str) -> DemoLetter:
    clerk, unit = desk.clerk(code), desk.province.unit_by_code[code]
    facts = desk.facts(first.sent_at + 3 * 3600)
    is_report = matter.answer is Answer.REPORT
    template = desk.dice.pick(REPORTS if is_report else NOTED)
    text = template.format(unit=unit.name, who=_specialist(desk, code).full_name, **facts)
    hours = 170 if is_report else 4 if matter.urgency is not Urgency.NORMAL else 26
    file = None
    if is_report and desk.dice.chance(74):
        number = desk.number(code, "BC/ĐU" if unit.branch == "party" else f"BC-{_mark(code)}", first.sent_at)
        body = tuple(part for part in text.split("\n") if part)
        file = report_file(desk, unit, matter, number, body, first.sent_at)
    return desk.answer(
        first, clerk, f"Kính gửi: {first.from_.name},\n\n{text}", hours=hours, unit=code, file=file
    )


def _reminder(desk: Desk, matter: Matter, first: DemoLetter, late: tuple[str, ...]) -> DemoLetter:
    who = _specialist(desk, matter.issuer)
    sent_at = desk.later(first.sent_at + 6 * 86_400, 30)
    text = desk.dice.pick(REMINDERS).format(**desk.facts(sent_at))
    return desk.write(
        from_=desk.unit(matter.issuer),
        to=tuple(desk.unit(code) for code in late),
        subject=f"Đôn đốc: {first.subject.partition(': ')[2]}",
        text=f"{_GREETINGS[matter.audience]}\n\n{text}\n\n{desk.signed(who)}",
        sent_at=sent_at,
        sent_by=who,
        answers=first,
        urgency=Urgency.URGENT,
    )


def _specialist(desk: Desk, code: str) -> DemoPerson:
    """Who works on it: a specialist, else whoever there is."""
    office = {"UBND": "VPUBND", "TU": "VPTU"}.get(code, code)
    staff = desk.province.staff(office)
    workers = [person for person in staff if person.post.role is Role.SPECIALIST]
    return desk.dice.pick(workers or staff)


def _mark(code: str) -> str:
    return "UBND" if code.startswith("UBND") else code
