"""Letters of every day: notes between colleagues, bulletins, and mail from outside."""

from html import escape

from mailsvc.demo.desk import DAYS, Desk
from mailsvc.demo.model import Correspondent, DemoLetter, DemoPerson, Role
from mailsvc.demo.texts.notes import NEWSLETTERS, NOTES, OUTSIDE
from mailsvc.demo.units import COMMUNE_COMMITTEES, COMMUNE_PARTY, DEPARTMENTS
from mailsvc.demo.walk import DA_RON_CLERK, DA_RON_HEAD, IT_OFFICER, OFFICE_CLERK, who

_WALKERS = (DA_RON_CLERK, OFFICE_CLERK, DA_RON_HEAD, IT_OFFICER)  # in whose boxes the demo's visitor looks


def notes(desk: Desk, rounds: int) -> list[DemoLetter]:
    """Each note some times, between other people of one unit each time."""
    units = [
        code
        for code in dict.fromkeys(person.post.unit for person in desk.province.people)
        if len(desk.province.staff(code)) > 2
    ]
    letters: list[DemoLetter] = []
    for turn in range(rounds):
        for place, (subject, text, first, second) in enumerate(NOTES):
            number = turn * len(NOTES) + place
            if number % 3 == 0:
                walker = who(desk.province, _WALKERS[number // 3 % len(_WALKERS)])
                others = [person for person in desk.province.staff(walker.post.unit) if person != walker]
                asker, asked = desk.dice.pick(others), walker
            else:
                asker, asked = desk.dice.some(desk.province.staff(desk.dice.pick(units)), 2)
            if desk.dice.chance(40):
                asker, asked = asked, asker
            letters += _note(desk, (subject, text, first, second), asker, asked)
    return letters


def _note(
    desk: Desk, note: tuple[str, str, str, str], asker: DemoPerson, asked: DemoPerson
) -> list[DemoLetter]:
    subject, text, first, second = note
    sent_at = desk.moment(desk.dice.number(0, DAYS - 2))
    facts = desk.facts(sent_at)
    letter = desk.write(
        from_=desk.person(asker),
        to=(desk.person(asked),),
        cc=_others(desk, asker, asked),
        subject=subject.format(**facts),
        text=f"{_greeting(asked)}\n\n{text.format(**facts)}\n\n{desk.signed(asker)}",
        sent_at=sent_at,
        sent_by=asker,
    )
    letters = [letter]
    if first:
        letters.append(desk.answer(letter, asked, first.format(**facts), hours=9))
    if second and desk.dice.chance(70):
        letters.append(desk.answer(letters[-1], asker, second.format(**facts), hours=6))
    return letters


def _greeting(asked: DemoPerson) -> str:
    given = asked.full_name.split()[-1]
    return f"Kính gửi đồng chí {given}," if asked.post.role is Role.HEAD else f"Chào {given},"


def _others(desk: Desk, asker: DemoPerson, asked: DemoPerson) -> tuple[Correspondent, ...]:
    if not desk.dice.chance(18):
        return ()
    left = [person for person in desk.province.staff(asker.post.unit) if person not in {asker, asked}]
    return (desk.person(desk.dice.pick(left)),) if left else ()


def bulletins(desk: Desk) -> list[DemoLetter]:
    """Three bulletins, each every second week, as HTML and text."""
    letters = []
    for place, (issuer, subject, parts) in enumerate(NEWSLETTERS):
        audience = COMMUNE_PARTY if issuer == "BTGDV" else (*COMMUNE_COMMITTEES, *DEPARTMENTS)
        for days_ago in range(3 + 4 * place, DAYS - 1, 12):
            sent_at = desk.moment(days_ago)
            facts = desk.facts(sent_at)
            title = subject.format(**facts)
            told = [(head, text.format(**facts)) for head, text in parts]
            clerk = desk.clerk(issuer)
            html = f"<h2>{escape(title)}</h2>" + "".join(
                f"<h3>{escape(head)}</h3><p>{escape(text)}</p>" for head, text in told
            )
            text = "\n\n".join(
                (title.upper(), *(f"{head}\n{part}" for head, part in told), desk.signed(clerk))
            )
            letters.append(
                desk.write(
                    from_=desk.unit(issuer),
                    to=tuple(desk.unit(code) for code in audience if code != issuer),
                    subject=title,
                    text=text,
                    html=html,
                    sent_at=sent_at,
                    sent_by=clerk,
                )
            )
    return letters


def outside(desk: Desk) -> list[DemoLetter]:
    """Mail of others, often in two languages, and our answers."""
    letters = []
    for place, (name, address, code, subject, text) in enumerate(OUTSIDE):
        sent_at = desk.moment(2 + place * 7)
        clerk = desk.clerk(code)
        letter = desk.write(
            from_=Correspondent(name, address),
            to=(desk.unit(code),),
            subject=subject,
            text=text.format(**desk.facts(sent_at)),
            sent_at=sent_at,
        )
        letters.append(letter)
        if "/" in subject:
            answer = (
                "Cảm ơn thư của Quý vị. Chúng tôi đã trình lãnh đạo và sẽ trả lời trong tuần.\n\n"
                "Thank you for your letter. We have passed it on and will answer within the week."
            )
            letters.append(desk.answer(letter, clerk, answer, hours=30, unit=code))
    return letters
