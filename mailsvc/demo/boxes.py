"""Shared boxes of the demo: one for each unit, some for posts, and who may use them."""

from mailsvc.demo.model import BoxKind, DemoBox, DemoDelegation, DemoPerson, DemoUnit, Right, Role
from mailsvc.demo.places import COMMUNES

ALL = frozenset(Right)
READ_AND_ACT = frozenset({Right.READ, Right.ACT})
READ = frozenset({Right.READ})
_RIGHTS = {Role.HEAD: ALL, Role.CLERK: ALL, Role.DEPUTY: READ_AND_ACT}
_POST_BOXES = (  # local part, name, unit; each is for the unit's head
    ("bithu", "Bí thư Tỉnh ủy", "TU"),
    ("chutich", "Chủ tịch Ủy ban nhân dân tỉnh", "UBND"),
    ("chutich.hdnd", "Chủ tịch Hội đồng nhân dân tỉnh", "HDND"),
    ("chanhvanphong", "Chánh Văn phòng Ủy ban nhân dân tỉnh", "VPUBND"),
    ("giamdoc.snnmt", "Giám đốc Sở Nông nghiệp và Môi trường", "SNNMT"),
    ("giamdoc.syt", "Giám đốc Sở Y tế", "SYT"),
    *((f"chutich.{c.slug}", f"Chủ tịch UBND {c.place}", f"UBND-{c.slug.upper()}") for c in COMMUNES),
    ("bithu.daron", "Bí thư Đảng ủy xã Đạ Ròn", "DU-DARON"),
)


def demo_boxes(
    units: tuple[DemoUnit, ...], people: tuple[DemoPerson, ...], domain: str
) -> tuple[DemoBox, ...]:
    """A box for every unit of today, then those of posts."""
    heads = {person.post.unit: person for person in people if person.post.role is Role.HEAD}
    boxes = [
        DemoBox(f"{unit.short_name}@{domain}", unit.name, unit.code, BoxKind.UNIT)
        for unit in units
        if unit.valid_to is None
    ]
    boxes += [
        DemoBox(f"{local}@{domain}", name, unit, BoxKind.POST, heads[unit].address)
        for local, name, unit in _POST_BOXES
    ]
    return tuple(boxes)


def demo_delegations(
    boxes: tuple[DemoBox, ...], people: tuple[DemoPerson, ...]
) -> tuple[DemoDelegation, ...]:
    """Heads and clerks act and send for their unit, deputies read and act; the provincial clerks serve the Committee."""
    given: list[DemoDelegation] = []
    for box in boxes:
        if box.kind is BoxKind.POST and box.holder is not None:
            given.append(DemoDelegation(box.address, box.holder, ALL))
            continue
        for person in people:
            roles = {post.role for post in person.posts if post.unit == box.unit}
            if box.unit == "UBND" and person.post.unit == "VPUBND":
                roles |= {person.post.role} & {Role.HEAD, Role.CLERK}  # the office serves the Committee
            if box.unit == "TU" and person.post.unit == "VPTU":
                roles |= {person.post.role} & {Role.HEAD, Role.CLERK}
            rights: frozenset[Right] = frozenset().union(*(_RIGHTS.get(role, frozenset()) for role in roles))
            if rights:
                given.append(DemoDelegation(box.address, person.address, rights))
    return tuple(given)
