"""Five minutes in the demo: who signs in, and what there is to see (issue "A letter travels the whole road")."""

from mailsvc.demo.model import DemoPerson, DemoProvince
from mailsvc.demo.province import PASSWORD

# Local parts of who the walk meets; its test in Chromium imports them.
OFFICE_CLERK = "hantt"  # Nguyễn Thị Thu Hà, văn thư of the provincial office
DA_RON_HEAD = "soany"  # Ya Soan, chủ tịch UBND xã Đạ Ròn
DA_RON_CLERK = "hoakt"  # Ka Thị Hoa, văn thư of xã Đạ Ròn
IT_OFFICER = "tuanlm"  # Lê Minh Tuấn, mail administrator
OFFICE_UNIT_BOX = "ubnd"  # of the provincial People's Committee
DA_RON_UNIT_BOX = "daron"  # of the People's Committee of xã Đạ Ròn
STORM_SUBJECT = "HỎA TỐC: V/v chủ động ứng phó bão số 5"
STORM_TEXT = (
    "Kính gửi: Ủy ban nhân dân xã Đạ Ròn và các xã, phường,\n\n"
    "Bão số 5 dự báo gây mưa rất to từ đêm nay. Yêu cầu các địa phương sơ tán hộ dân ven suối, trực ban 24/24 giờ "
    "và báo cáo trước 16 giờ hằng ngày.\n"
)
STORM_ANSWER = "UBND xã Đạ Ròn đã nhận, đã phân công trực ban và kiểm tra các hộ ven suối."
SEARCH = "da ron bao so 5"


def who(province: DemoProvince, local: str) -> DemoPerson:
    """Somebody of the walk, by local part."""
    return province.person_by_address[f"{local}@{province.domain}"]


def commune_boxes(province: DemoProvince) -> tuple[str, ...]:
    """The unit boxes of the communes' People's Committees, to which the storm order goes."""
    return tuple(
        province.unit_box[unit.code].address
        for unit in province.units
        if unit.tier == "commune" and unit.branch == "state" and unit.valid_to is None
    )


def walk_text(province: DemoProvince, *, web: str, data: str) -> str:
    """The walk, Vietnamese and then English, with commands that can be copied."""
    return f"{_vietnamese(province, web, data)}\n{_english(province, web, data)}"


def _people(province: DemoProvince) -> str:
    lines = []
    for local in (OFFICE_CLERK, DA_RON_HEAD, DA_RON_CLERK, IT_OFFICER):
        person = who(province, local)
        unit = province.unit_by_code[person.post.unit].name
        lines.append(f"  {person.address:<26} {person.full_name} - {person.post.title}, {unit}")
    return "\n".join(lines)


def _commands(data: str) -> tuple[str, ...]:
    call = f".venv/bin/congvu --data {data}"
    return (
        f"{call} demo roster --faulty > cap-moi.csv",
        f"{call} account import cap-moi.csv",
        f"{call} demo roster > cap-moi.csv",
        f"{call} account import cap-moi.csv --yes",
        f"kill -9 $(pgrep -f 'mailsvc[.]run[.]supervisor {data} ')",
        f"{call} serve",
        f"{call} verify",
    )


def _vietnamese(province: DemoProvince, web: str, data: str) -> str:
    faulty, preview, mended, apply, kill, serve, verify = _commands(data)
    domain = province.domain
    return f"""TỈNH MẪU - đi thử năm phút
Trang thư: {web}
Đăng nhập được (mật khẩu chung: {PASSWORD}); mọi người khác trong danh bạ cũng vậy:
{_people(province)}

1. Mở hai cửa sổ trình duyệt (một cửa sổ ẩn danh). Cửa sổ A: {OFFICE_CLERK}@{domain}; cửa sổ B: {DA_RON_CLERK}@{domain}, mở hộp thư đơn vị {DA_RON_UNIT_BOX}@{domain}.
2. Ở A soạn thư, gửi từ {OFFICE_UNIT_BOX}@{domain} tới {DA_RON_UNIT_BOX}@{domain} và các xã, phường khác (gõ "xã", "phường" để chọn hộp thư đơn vị trong danh bạ):
   Tiêu đề: {STORM_SUBJECT}
   Nội dung: Kính gửi UBND xã Đạ Ròn … (tự viết vài dòng)
3. Thư hiện ngay ở B, không phải tải lại trang. Mở thư, bấm Trả lời, gửi từ {DA_RON_UNIT_BOX}@{domain}.
   Chủ tịch xã ({DA_RON_HEAD}@{domain}) thấy cùng thư ấy, với dấu đã đọc của riêng mình.
4. Ở B, trong hộp thư đơn vị, tìm: {SEARCH}
   Gõ không dấu vẫn ra đúng thư ấy (và thư trả lời vừa gửi).
5. Quản trị ({IT_OFFICER}) xem trước danh sách cấp mới có hai lỗi, sửa, rồi thực hiện:
   {faulty}
   {preview}
   {mended}
   {apply}
6. Tắt ngang rồi chạy lại, kiểm tra không mất thư nào:
   {kill}
   {serve}
   {verify}
"""


def _english(province: DemoProvince, web: str, data: str) -> str:
    faulty, preview, mended, apply, kill, serve, verify = _commands(data)
    domain = province.domain
    return f"""THE DEMO PROVINCE - a walk of five minutes
Webmail: {web}
Who can sign in (everybody's password: {PASSWORD}), like everyone else in the directory:
{_people(province)}

1. Open two browser windows (one private). Window A: {OFFICE_CLERK}@{domain}; window B: {DA_RON_CLERK}@{domain}, at the unit mailbox {DA_RON_UNIT_BOX}@{domain}.
2. In A compose, from {OFFICE_UNIT_BOX}@{domain} to {DA_RON_UNIT_BOX}@{domain} and other communes (type "xã", "phường" to pick unit mailboxes from the directory):
   Subject: {STORM_SUBJECT}
   Text: Kính gửi UBND xã Đạ Ròn … (a few lines of your own)
3. It appears in B at once, without a reload. Open it, reply as {DA_RON_UNIT_BOX}@{domain}.
   The head of the commune ({DA_RON_HEAD}@{domain}) sees the same letter, read or unread for himself.
4. In B, in the unit mailbox, search: {SEARCH}
   Typed without marks it finds that letter (and the reply just sent).
5. IT ({IT_OFFICER}) previews a roster with two faults, mends it and applies it:
   {faulty}
   {preview}
   {mended}
   {apply}
6. Kill the service, start it again, and check that no letter is lost:
   {kill}
   {serve}
   {verify}
"""
