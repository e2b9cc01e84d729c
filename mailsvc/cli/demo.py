"""`congvu demo`: fill a new installation with the demo province, through the same services as real mail."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from directory import provision, upkeep
from directory.address import Address, parse_address
from directory.model import Period, PlaceId, PlaceKind, Right, Tier, vietnam_day
from directory.passwords import hash_password
from directory.repository import account_by_address, add_place
from directory.scope import SERVER
from mailsvc.cli.account_import import provision_settings
from mailsvc.cli.init import init
from mailsvc.demo.attachments import render
from mailsvc.demo.attachments.document import MEDIA_TYPES
from mailsvc.demo.letters import demo_letters
from mailsvc.demo.model import Urgency
from mailsvc.demo.province import PASSWORD, accounts_csv, demo_province, units_csv
from mailsvc.demo.roster import faulty_accounts_csv, mended_accounts_csv
from mailsvc.demo.walk import walk_text
from mailsvc.mime.compose import Draft, Mailbox, OutgoingPart, compose
from mailsvc.model.changes import DirectoryChanged
from mailsvc.model.errors import NoSuchRecipient
from mailsvc.model.flags import FLAGGED, SEEN
from mailsvc.model.mailbox import SpecialUse
from mailsvc.services import letters as letter_service
from mailsvc.services import mailbox_tree, permissions, sign_in
from mailsvc.services.provision import joined_shared_box, on_accounts_created
from mailsvc.services.receive import IncomingLetter, prepare, receive, resolve_recipient
from mailsvc.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mailsvc.cli.context import CliContext
    from mailsvc.demo.model import Correspondent, DemoDelegation, DemoLetter, DemoPlace, DemoProvince
    from mailsvc.storage.messages import PreparedContent
    from mailsvc.storage.unit_of_work import UnitOfWork

BATCH = 25
DOMAIN = "lamdong.example"  # RFC 2606 §3: nobody's
X_PRIORITY = {
    Urgency.NORMAL: "",
    Urgency.URGENT: "2 (High)",
    Urgency.VERY_URGENT: "1 (Highest)",
    Urgency.EXPRESS: "1 (Highest)",
}
ACTOR = "demo"
_KINDS = {
    "tỉnh": PlaceKind.PROVINCE,
    "xã": PlaceKind.COMMUNE,
    "phường": PlaceKind.WARD,
    "thị": PlaceKind.TOWNSHIP,  # thị trấn; the demo has no thị xã
}  # huyện and thành phố were districts


@click.group(invoke_without_command=True)
@click.pass_context
def demo(click_ctx: click.Context) -> None:
    """Tỉnh mẫu / the demo province: alone, it is made where there is none, told of and served (`make run`)."""
    if click_ctx.invoked_subcommand is not None:
        return
    ctx: CliContext = click_ctx.obj
    if not (ctx.data_dir / "congvu.db").exists():
        click_ctx.invoke(init, domain=DOMAIN)
    click_ctx.invoke(load)
    click_ctx.invoke(walk)
    root = click_ctx.find_root().command
    assert isinstance(root, click.Group)
    serve = root.get_command(click_ctx, "serve")  # the wiring's: it stands above the command line
    assert serve is not None
    sys.stdout.flush()
    click_ctx.invoke(serve)


class _Calendar:
    """The demo's clock: letters get the dates that they were sent on."""

    def __init__(self) -> None:
        self.at: int | None = None

    def __call__(self) -> int:
        return int(time.time()) if self.at is None else self.at


@demo.command()
@click.pass_obj
def load(ctx: CliContext) -> None:
    """Nạp tỉnh mẫu vào hệ thống mới tạo / load the demo province into a new installation."""
    calendar = _Calendar()
    _ = ctx.store  # checks the schema
    store = Store(ctx.data_dir, ctx.settings.storage, clock=calendar)
    now = int(time.time())
    province = demo_province(ctx.settings.domain)
    with store.read() as db:
        if account_by_address(db.conn, province.people[0].address) is not None:
            ctx.say("Tỉnh mẫu đã có.", "The demo province is there already.")
            return
    with Progress(console=Console(stderr=True), transient=True, disable=ctx.json) as bar:
        task = bar.add_task(ctx.text("Nạp tỉnh mẫu", "Loading the demo province"), total=None)
        _load_directory(ctx, store, province)
        written = sorted(demo_letters(province, now), key=lambda letter: letter.sent_at)
        bar.update(task, total=len(written))
        references = {letter.key: f"<{letter.key}@{ctx.settings.domain}>" for letter in written}
        for start in range(0, len(written), BATCH):
            batch = written[start : start + BATCH]
            ready = [(letter, prepare(_octets(letter, references), store.pieces)) for letter in batch]
            with store.write() as uow:
                for letter, content in ready:
                    calendar.at = letter.sent_at
                    _deliver(uow, letter, content)
            calendar.at = None
            bar.advance(task, len(batch))
    store.close()
    ctx.say(
        f"Đã nạp {len(province.units)} đơn vị, {len(province.people)} người, {len(written)} thư.",
        f"Loaded {len(province.units)} units, {len(province.people)} people, {len(written)} letters.",
    )


@demo.command()
@click.pass_obj
def walk(ctx: CliContext) -> None:
    """Ai đăng nhập được, và năm phút đi thử / who can sign in, and a walk of five minutes."""
    settings = ctx.settings
    click.echo(
        walk_text(
            demo_province(settings.domain), web=f"http://{settings.web.listen}/", data=str(ctx.data_dir)
        )
    )


@demo.command()
@click.option("--faulty", is_flag=True, help="Có hai lỗi để xem trước / with two faults, for the preview")
@click.pass_obj
def roster(ctx: CliContext, *, faulty: bool) -> None:
    """Danh sách cấp tài khoản của chuyến đi thử / the roster of the walk, as CSV."""
    province = demo_province(ctx.settings.domain)
    click.echo((faulty_accounts_csv if faulty else mended_accounts_csv)(province), nl=False)


def _load_directory(ctx: CliContext, store: Store, province: DemoProvince) -> None:
    hashed = hash_password(PASSWORD)
    with store.write() as uow:
        now = uow.clock()
        today = vietnam_day(now)
        _add_places(uow, province.places)
        units = provision.plan_units(
            uow.conn, SERVER, provision.read_units(units_csv(province).encode()), on=today
        )
        _refuse_faults(ctx, units)
        provision.apply_units(uow.conn, units, at=now, actor=ACTOR)
        sheet = provision.read_accounts(accounts_csv(province, hashed).encode())
        boxes = provision.plan_accounts(uow.conn, SERVER, sheet, on=today, settings=provision_settings(ctx))
        _refuse_faults(ctx, boxes)
        provision.apply_accounts(
            uow.conn, boxes, at=now, actor=ACTOR, on_accounts_created=on_accounts_created(uow)
        )
        _delegate(uow, province.delegations)
        uow.record(DirectoryChanged())


def _add_places(uow: UnitOfWork, places: Iterable[DemoPlace]) -> None:
    """Places with their years: a roster only names them."""
    ids: dict[str, PlaceId] = {}
    for place in places:
        ids[place.code] = add_place(
            uow.conn,
            code=place.code,
            name=place.name,
            kind=_KINDS.get(place.name.partition(" ")[0], PlaceKind.DISTRICT),
            tier=Tier(place.tier),
            parent_id=ids[place.parent] if place.parent else None,
            period=Period(place.valid_from, place.valid_to),
            at=uow.clock(),
        )


def _refuse_faults(ctx: CliContext, plan: provision.UnitPlan | provision.AccountPlan) -> None:
    if plan.refused:
        ctx.refuse(f"Tỉnh mẫu có lỗi: {plan.refused[0]}", f"The demo has a fault: {plan.refused[0]}")


def _delegate(uow: UnitOfWork, delegations: Iterable[DemoDelegation]) -> None:
    for given in delegations:
        box = account_by_address(uow.conn, parse_address(given.box).key)
        person = account_by_address(uow.conn, parse_address(given.person).key)
        assert box is not None
        assert person is not None
        rights = Right(0)
        for right in given.rights:
            rights |= Right[right.name]
        upkeep.grant(uow.conn, SERVER, box, person, rights, actor=ACTOR, at=uow.clock())
        joined_shared_box(uow, box.id, person.id)


def _octets(letter: DemoLetter, references: dict[str, str]) -> bytes:
    answered = references.get(letter.in_reply_to or "", "")
    urgency = X_PRIORITY[letter.urgency]
    extra = (("X-Priority", urgency), ("Importance", "high")) if urgency else ()
    return compose(
        Draft(
            from_=(_mailbox(letter.from_),),
            to=tuple(map(_mailbox, letter.to)),
            cc=tuple(map(_mailbox, letter.cc)),
            message_id=references[letter.key],
            date=letter.sent_at,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            in_reply_to=answered,
            references=tuple(references[key] for key in letter.references if key in references),
            attachments=tuple(
                OutgoingPart(file.filename, MEDIA_TYPES[file.format], render(file))
                for file in letter.attachments
            ),
            extra=extra,
        )
    )


def _mailbox(who: Correspondent) -> Mailbox:
    return Mailbox(who.name, who.address)


def _deliver(uow: UnitOfWork, letter: DemoLetter, content: PreparedContent) -> None:
    recipients = []
    for who in (*letter.to, *letter.cc):
        try:
            recipients.append(resolve_recipient(uow, parse_address(who.address)))
        except NoSuchRecipient:
            continue  # somebody outside; the demo sends nothing to the world
    trace = f"Return-Path: <{letter.from_.address}>\r\n".encode()
    if recipients:
        receive(uow, IncomingLetter(content, trace, letter.from_.address, tuple(recipients)))
    sender = account_by_address(uow.conn, parse_address(letter.from_.address).key)
    if sender is not None:
        sent = mailbox_tree.special(uow, sender.id, SpecialUse.SENT)
        place = permissions.Place(sent, sender.id, permissions.OWNER)
        letter_service.append(uow, place, content, system=SEEN)
    for address in {*letter.seen_by, *letter.flagged_by}:
        flags = (SEEN if address in letter.seen_by else 0) | (FLAGGED if address in letter.flagged_by else 0)
        _flag(uow, parse_address(address), {recipient.address.key for recipient in recipients}, flags)


def _flag(uow: UnitOfWork, reader: Address, recipients: set[str], flags: int) -> None:
    """The reader has read the letter, in their own box and in the shared ones that got it."""
    account = account_by_address(uow.conn, reader.key)
    if account is None or not account.kind.signs_in:
        return
    who = sign_in.principal(uow, account.id)
    for listed in mailbox_tree.listing(uow, who):
        box = listed.mailbox
        if box.name == "INBOX" and box.uid_next > 1:
            place = permissions.place_by_id(uow, who, box.id)
            newest = letter_service.entry(uow, place, box.uid_next - 1)  # type: ignore[arg-type]
            if newest is None or _delivered_to(newest.trace) not in recipients:
                continue
            letter_service.store_flags(
                uow, place, [(newest.uid, newest.uid)], letter_service.FlagChange.ADD, flags
            )


def _delivered_to(trace: bytes) -> str:
    return trace.partition(b"\r\n")[0].removeprefix(b"Delivered-To: ").decode().lower()
