"""Why a line of a roster is refused or deserves a second look, and what to do about it, in Vietnamese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from enum import StrEnum
from typing import Final

from directory.provision.roster_words import ROSTER_WORDS


class Fault(StrEnum):
    """What is wrong with a line; the words are in `WORDING`."""

    # the file
    TOO_LARGE = "too_large"
    TOO_MANY_LINES = "too_many_lines"
    NOT_UTF8 = "not_utf8"
    NOT_CSV = "not_csv"
    EMPTY_FILE = "empty_file"
    MISSING_COLUMN = "missing_column"
    REPEATED_COLUMN = "repeated_column"
    IGNORED_COLUMN = "ignored_column"
    # a cell
    WRONG_CELL_COUNT = "wrong_cell_count"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    FORMULA = "formula"
    CONTROL_CHARACTER = "control_character"
    BAD_CHOICE = "bad_choice"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    BAD_CODE = "bad_code"
    DUPLICATE = "duplicate"
    ENDS_BEFORE_START = "ends_before_start"
    NOT_WEEKEND = "not_weekend"
    # units
    UNKNOWN_PARENT = "unknown_parent"
    CYCLE = "cycle"
    PARENT_ENDED = "parent_ended"
    PARENT_REFUSED = "parent_refused"
    OTHER_BRANCH = "other_branch"
    ABOVE_PARENT = "above_parent"
    HAS_ACCOUNTS = "has_accounts"
    IDENTIFIER_TAKEN = "identifier_taken"
    # accounts
    BAD_ADDRESS = "bad_address"
    FOREIGN_DOMAIN = "foreign_domain"
    NO_DOMAIN = "no_domain"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_RETIRED = "address_retired"
    UNKNOWN_UNIT = "unknown_unit"
    UNIT_ENDED = "unit_ended"
    KIND_CHANGED = "kind_changed"
    ARCHIVED = "archived"
    BOX_IS_SHARED = "shared_password"
    TWO_PASSWORDS = "two_passwords"
    BAD_HASH = "bad_hash"
    WEAK = "weak_password"
    NEEDS_ADDRESS = "needs_address"
    # reorganisations
    SAME_UNIT = "same_unit"
    SUCCESSOR_ENDS = "successor_ends"
    NEEDS_SUCCESSOR = "needs_successor"
    CHANGES_LATER = "changes_later"
    UNKNOWN_BOX = "unknown_box"
    NOT_A_PERSON = "not_a_person"
    NOT_IN_UNIT = "not_in_unit"
    ROLE_CHANGED = "role_changed"
    NOBODY_READS = "nobody_reads"
    SCOPE_LOST = "scope_lost"
    BOX_TAKEN_OVER = "box_taken_over"
    # a person's life
    LEFT = "left"
    NOT_LEFT = "not_left"
    HOLDS_POST = "holds_post"
    HOLDS_NO_POST = "holds_no_post"
    PRIMARY_POST = "primary_post"
    POST_LATER = "post_later"
    TWO_HEADS = "two_heads"
    OVERLAPS = "overlaps"
    # rosters of offices; their words are in roster_words.py
    BAD_PHONE = "bad_phone"
    HOMOGRAPH = "homograph"
    HOMOGRAPH_REFUSED = "homograph_refused"
    NOT_XLSX = "not_xlsx"
    XLSX_BOMB = "xlsx_bomb"
    XLSX_MACROS = "xlsx_macros"
    XLSX_LINKS = "xlsx_links"
    FORMULA_CELL = "formula_cell"
    ERROR_CELL = "error_cell"
    UNREADABLE_SHEET = "unreadable_sheet"
    SHEET_IGNORED = "sheet_ignored"
    NO_HEADER = "no_header"
    REPEATED_FIELD = "repeated_field"
    COLUMN_UNUSED = "column_unused"
    OLD_FONT = "old_font"
    NO_UNIT = "no_unit"
    UNKNOWN_UNIT_NAME = "unknown_unit_name"
    AMBIGUOUS_UNIT = "ambiguous_unit"
    DEPARTMENT_UNKNOWN = "department_unknown"
    UNIT_FROM_TITLE = "unit_from_title"
    BAD_BIRTH_DATE = "bad_birth_date"
    BIRTH_IMPLAUSIBLE = "birth_implausible"
    YEAR_ONLY = "year_only"
    LEADING_ZERO = "leading_zero"
    BAD_IDENTIFIER = "bad_identifier"
    OUTSIDE_ADDRESS = "outside_address"
    ADDRESS_KEPT = "address_kept"
    OTHER_PERSON = "other_person"
    AMBIGUOUS_PERSON = "ambiguous_person"
    PERSON_ARCHIVED = "person_archived"
    TAKES_TOO_LONG = "takes_too_long"
    # groups
    UNKNOWN_GROUP = "unknown_group"
    GROUP_IS_COMPUTED = "group_is_computed"
    GROUP_CYCLE = "group_cycle"
    GROUP_TOO_LARGE = "group_too_large"
    UNKNOWN_PLACE = "unknown_place"
    RULE_FOLLOWS = "rule_follows"
    NOT_SPLIT = "not_split"
    ONE_SUCCESSOR = "one_successor"
    READDRESSED = "readdressed"
    # places from a template; their words are in roster_words.py too
    CODE_TAKEN = "code_taken"
    NO_PARENT_IN_BRANCH = "no_parent_in_branch"
    NO_ADMINISTRATOR = "no_administrator"
    # administration
    OUT_OF_SCOPE = "out_of_scope"
    KEPT_WITH_PLAN = "kept_with_plan"


@dataclass(frozen=True, slots=True)
class Wording:
    """One fault in two languages: what is wrong, and what to do next."""

    vi: str
    vi_remedy: str
    en: str
    en_remedy: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A fault at its place: line and column of the file, with the values its words speak of."""

    line: int
    field: str
    fault: Fault
    values: Mapping[str, str] = _field(default_factory=dict)

    def message(self, language: str = "vi") -> str:
        """What is wrong."""
        words = WORDING[self.fault]
        return (words.vi if language == "vi" else words.en).format_map(_Values(self))

    def remedy(self, language: str = "vi") -> str:
        """What to do next."""
        words = WORDING[self.fault]
        return (words.vi_remedy if language == "vi" else words.en_remedy).format_map(_Values(self))

    def to_json(self, language: str = "vi") -> dict[str, object]:
        """The remark as `--json` shows it."""
        return {
            "line": self.line,
            "field": self.field,
            "reason": self.fault.value,
            "message": self.message(language),
            "remedy": self.remedy(language),
        }


class _Values(dict[str, str]):
    """Values for the words; one that is missing shows its name rather than failing."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.values, field=remark.field)

    def __missing__(self, key: str) -> str:
        return key


def _w(vi: str, vi_remedy: str, en: str, en_remedy: str) -> Wording:
    return Wording(vi, vi_remedy, en, en_remedy)


WORDING: Final[Mapping[Fault, Wording]] = {
    Fault.TOO_LARGE: _w(
        "Tệp lớn hơn {limit} byte.",
        "Chia tệp thành nhiều phần.",
        "The file is larger than {limit} octets.",
        "Split the file.",
    ),
    Fault.TOO_MANY_LINES: _w(
        "Tệp có hơn {limit} dòng.",
        "Chia tệp thành nhiều phần.",
        "The file has more than {limit} lines.",
        "Split the file.",
    ),
    Fault.NOT_UTF8: _w(
        "Tệp không phải UTF-8.",
        "Lưu lại bằng “CSV UTF-8 (phân cách bằng dấu phẩy)”.",
        "The file is not UTF-8.",
        "Save it again as “CSV UTF-8 (comma delimited)”.",
    ),
    Fault.NOT_CSV: _w(
        "Dòng không đúng dạng CSV ({detail}).",
        "Kiểm tra dấu ngoặc kép và dấu phẩy của dòng này.",
        "The line is not CSV ({detail}).",
        "Look at the quotation marks and commas of this line.",
    ),
    Fault.EMPTY_FILE: _w(
        "Tệp không có dòng dữ liệu nào.",
        "Dòng đầu là tên cột, mỗi dòng sau là một mục.",
        "The file has no data.",
        "The first line names the columns, each further line is one entry.",
    ),
    Fault.MISSING_COLUMN: _w(
        "Thiếu cột “{column}”.",
        "Thêm cột; các cột bắt buộc: {expected}.",
        "The column “{column}” is missing.",
        "Add it; the columns required are {expected}.",
    ),
    Fault.REPEATED_COLUMN: _w(
        "Cột “{column}” có hai lần.",
        "Xóa bớt một cột.",
        "The column “{column}” stands twice.",
        "Remove one of them.",
    ),
    Fault.IGNORED_COLUMN: _w(
        "Cột “{column}” không được dùng đến.",
        "Nếu là lỗi chính tả, sửa theo: {expected}.",
        "The column “{column}” is not used.",
        "If it is a slip, these are known: {expected}.",
    ),
    Fault.WRONG_CELL_COUNT: _w(
        "Dòng có {found} ô, cần {expected}.",
        "Thêm dấu phẩy còn thiếu, hoặc đặt ô có dấu phẩy trong ngoặc kép.",
        "The line has {found} cells, {expected} are expected.",
        "Add the missing commas, or put cells that hold a comma in quotation marks.",
    ),
    Fault.EMPTY: _w("Ô “{field}” trống.", "Điền vào ô này.", "“{field}” is empty.", "Fill it in."),
    Fault.TOO_LONG: _w(
        "“{field}” dài hơn {limit} ký tự.",
        "Rút ngắn lại.",
        "“{field}” is longer than {limit} characters.",
        "Shorten it.",
    ),
    Fault.FORMULA: _w(
        "“{field}” bắt đầu bằng “{sign}”, bảng tính sẽ hiểu là công thức.",
        "Xóa ký tự đầu, chỉ để lại giá trị.",
        "“{field}” begins with “{sign}”, which a spreadsheet takes for a formula.",
        "Remove the sign and keep the value.",
    ),
    Fault.CONTROL_CHARACTER: _w(
        "“{field}” có ký tự điều khiển hoặc ký tự ẩn.",
        "Gõ lại ô này.",
        "“{field}” holds a control or invisible character.",
        "Type the cell again.",
    ),
    Fault.BAD_CHOICE: _w(
        "“{value}” không hợp lệ ở cột “{field}”.",
        "Dùng một trong: {expected}.",
        "“{value}” is not allowed in “{field}”.",
        "Use one of {expected}.",
    ),
    Fault.BAD_DATE: _w(
        "“{value}” không phải ngày.",
        "Viết năm-tháng-ngày (2025-07-01) hoặc ngày/tháng/năm (01/07/2025).",
        "“{value}” is not a date.",
        "Write 2025-07-01 or 01/07/2025.",
    ),
    Fault.BAD_NUMBER: _w(
        "“{value}” không phải số nguyên không âm.",
        "Chỉ viết chữ số.",
        "“{value}” is not a whole number.",
        "Write digits only.",
    ),
    Fault.BAD_CODE: _w(
        "“{value}” không dùng làm mã được.",
        "Mã gồm chữ, số và . _ / -, không có dấu cách.",
        "“{value}” cannot be a code.",
        "A code has letters, digits and . _ / -, and no blanks.",
    ),
    Fault.DUPLICATE: _w(
        "“{value}” đã có ở dòng {line}.",
        "Xóa một trong hai dòng.",
        "“{value}” stands in line {line} already.",
        "Remove one of the two lines.",
    ),
    Fault.ENDS_BEFORE_START: _w(
        "Ngày hết hiệu lực trước ngày có hiệu lực.",
        "Sửa valid_from hoặc valid_to.",
        "It ends before it begins.",
        "Correct valid_from or valid_to.",
    ),
    Fault.NOT_WEEKEND: _w(
        "{value} không phải thứ Bảy hay Chủ Nhật, vốn đã là ngày làm việc.",
        "Sửa ngày, hoặc xóa dòng này.",
        "{value} is no Saturday or Sunday: offices work then anyway.",
        "Correct the day or remove the line.",
    ),
    Fault.UNKNOWN_PARENT: _w(
        "Không có đơn vị cấp trên “{value}”.",
        "Thêm đơn vị đó vào tệp hoặc sửa mã.",
        "There is no parent unit “{value}”.",
        "Add that unit to the file or correct the code.",
    ),
    Fault.CYCLE: _w(
        "Cây đơn vị thành vòng: {path}.",
        "Sửa cột parent của một trong các đơn vị này.",
        "The tree of units runs in a circle: {path}.",
        "Correct the parent of one of these units.",
    ),
    Fault.PARENT_ENDED: _w(
        "Đơn vị cấp trên “{value}” đã hết hiệu lực.",
        "Chọn đơn vị kế tục của đơn vị đó.",
        "The parent unit “{value}” has ended.",
        "Name the unit that succeeded it.",
    ),
    Fault.PARENT_REFUSED: _w(
        "Đơn vị cấp trên “{value}” ở một dòng bị từ chối.",
        "Sửa dòng đó trước.",
        "The line of the parent unit “{value}” is refused.",
        "Mend that line first.",
    ),
    Fault.OTHER_BRANCH: _w(
        "Đơn vị thuộc khối {branch} nhưng cấp trên “{value}” thuộc khối {parent_branch}; quản trị khối này không với tới khối kia.",
        "Kiểm tra cột branch hoặc parent.",
        "The unit is of the branch {branch}, its parent “{value}” of {parent_branch}; administrators do not reach across.",
        "Look at branch and parent.",
    ),
    Fault.ABOVE_PARENT: _w(
        "Đơn vị cấp {tier} đặt dưới đơn vị cấp {parent_tier} “{value}”.",
        "Kiểm tra cột tier hoặc parent.",
        "A unit of the tier {tier} stands under “{value}” of the tier {parent_tier}.",
        "Look at tier and parent.",
    ),
    Fault.HAS_ACCOUNTS: _w(
        "Đơn vị “{value}” còn {count} hộp thư hoặc đơn vị trực thuộc.",
        "Chuyển hoặc thu hồi các hộp thư, chuyển các đơn vị trực thuộc, rồi làm lại.",
        "The unit “{value}” still has {count} boxes or units under it.",
        "Move or revoke its boxes and move the units, then try again.",
    ),
    Fault.IDENTIFIER_TAKEN: _w(
        "Mã định danh “{value}” đã thuộc về “{owner}”.",
        "Kiểm tra lại mã định danh.",
        "The identifier “{value}” belongs to “{owner}”.",
        "Check the identifier.",
    ),
    Fault.BAD_ADDRESS: _w(
        "“{value}” không dùng làm địa chỉ được.",
        "Phần trước @ gồm chữ thường không dấu, số và . _ -; hoặc để trống để hệ thống đặt.",
        "“{value}” cannot be an address here.",
        "Before the @ use a-z, digits and . _ -; or leave it empty and one is made.",
    ),
    Fault.FOREIGN_DOMAIN: _w(
        "Tên miền “{value}” không phải của hệ thống này.",
        "Dùng {expected}, hoặc thêm bằng: congvu domain add {value}",
        "The domain “{value}” is not ours.",
        "Use {expected}, or add it: congvu domain add {value}",
    ),
    Fault.NO_DOMAIN: _w(
        "Chưa có tên miền nào.",
        "Chạy: congvu domain add TÊN-MIỀN",
        "There is no domain yet.",
        "Run: congvu domain add DOMAIN",
    ),
    Fault.ADDRESS_TAKEN: _w(
        "Địa chỉ “{value}” đã được dùng ({owner}).",
        "Chọn địa chỉ khác.",
        "The address “{value}” is taken ({owner}).",
        "Choose another one.",
    ),
    Fault.ADDRESS_RETIRED: _w(
        "Địa chỉ “{value}” từng thuộc về người khác; địa chỉ không cấp lại.",
        "Chọn địa chỉ khác.",
        "The address “{value}” was somebody else's; addresses are never given out again.",
        "Choose another one.",
    ),
    Fault.UNKNOWN_UNIT: _w(
        "Không có đơn vị “{value}”.",
        "Nhập đơn vị trước (congvu unit import) hoặc sửa mã; xem: congvu unit list",
        "There is no unit “{value}”.",
        "Import it first (congvu unit import) or correct the code; see: congvu unit list",
    ),
    Fault.UNIT_ENDED: _w(
        "Đơn vị “{value}” không có hiệu lực vào ngày {day}.",
        "Dùng mã của đơn vị kế tục.",
        "The unit “{value}” is not in force on {day}.",
        "Use the code of its successor.",
    ),
    Fault.KIND_CHANGED: _w(
        "“{value}” là hộp thư loại {kind}, không đổi loại được.",
        "Tạo hộp thư mới với địa chỉ khác.",
        "“{value}” is of the kind {kind}, which cannot change.",
        "Make a new box with another address.",
    ),
    Fault.ARCHIVED: _w(
        "Tài khoản “{value}” đã lưu trữ.",
        "Chọn địa chỉ khác.",
        "The account “{value}” is archived.",
        "Choose another address.",
    ),
    Fault.BOX_IS_SHARED: _w(
        "Hộp thư đơn vị và hộp thư chức danh không có mật khẩu.",
        "Để trống ô này; cấp quyền bằng: congvu account grant",
        "Unit and post boxes have no password.",
        "Leave it empty; give access with: congvu account grant",
    ),
    Fault.TWO_PASSWORDS: _w(
        "Có cả password và password_hash.",
        "Chỉ để lại một.",
        "Both password and password_hash are given.",
        "Keep one of them.",
    ),
    Fault.BAD_HASH: _w(
        "password_hash không thuộc dạng nào kiểm tra được.",
        "Dùng argon2, bcrypt, sha512-crypt, ssha, pbkdf2 …; hoặc để trống và cấp mật khẩu mới.",
        "password_hash is of no scheme that can be checked.",
        "Use argon2, bcrypt, sha512-crypt, ssha, pbkdf2 …; or leave it empty and set a new password.",
    ),
    Fault.WEAK: _w(
        "Mật khẩu ban đầu yếu hơn quy định.",
        "Người dùng phải đổi ở lần đăng nhập đầu tiên.",
        "The first password is weaker than the rule.",
        "It has to be changed at the first sign-in.",
    ),
    Fault.NEEDS_ADDRESS: _w(
        "Hộp thư loại {kind} cần có địa chỉ.",
        "Điền cột address.",
        "A box of the kind {kind} needs an address.",
        "Fill in address.",
    ),
    Fault.SAME_UNIT: _w(
        "Đơn vị “{value}” không thể kế tục chính mình.",
        "Chọn đơn vị khác.",
        "The unit “{value}” cannot succeed itself.",
        "Name another unit.",
    ),
    Fault.SUCCESSOR_ENDS: _w(
        "Đơn vị kế tục “{value}” cũng kết thúc trong kế hoạch này.",
        "Dùng thẳng đơn vị cuối cùng.",
        "The successor “{value}” ends in this plan too.",
        "Name the unit that remains.",
    ),
    Fault.NEEDS_SUCCESSOR: _w(
        "Đơn vị “{value}” còn {count} người hoặc hộp thư nhưng không có đơn vị kế tục.",
        "Nêu đơn vị tiếp nhận (into).",
        "The unit “{value}” still has {count} people or boxes and no successor.",
        "Name who takes them (into).",
    ),
    Fault.CHANGES_LATER: _w(
        "Đơn vị “{value}” đã có thay đổi từ ngày {day}, sau ngày có hiệu lực.",
        "Chọn ngày có hiệu lực từ ngày đó trở đi.",
        "The unit “{value}” changes on {day}, after the effective day.",
        "Choose that day or a later one.",
    ),
    Fault.UNKNOWN_BOX: _w(
        "Không có tài khoản “{value}”.",
        "Xem: congvu account list",
        "There is no account “{value}”.",
        "See: congvu account list",
    ),
    Fault.NOT_A_PERSON: _w(
        "“{value}” không phải tài khoản cá nhân.",
        "Chọn một người.",
        "“{value}” is not a person's account.",
        "Name a person.",
    ),
    Fault.NOT_IN_UNIT: _w(
        "“{value}” không thuộc đơn vị “{unit}”.",
        "Xóa dòng này hoặc sửa địa chỉ.",
        "“{value}” is not in the unit “{unit}”.",
        "Remove the line or correct the address.",
    ),
    Fault.ROLE_CHANGED: _w(
        "“{value}” là cấp trưởng ở “{unit}”; ở “{into}” tạm là cấp phó cho đến khi bổ nhiệm.",
        "Cập nhật chức vụ khi có quyết định.",
        "“{value}” headed “{unit}”; in “{into}” a deputy until appointed.",
        "Correct the role when the decision is there.",
    ),
    Fault.NOBODY_READS: _w(
        "Chưa ai được đọc hộp thư “{value}” sau thay đổi này.",
        "Cấp quyền: congvu account grant, hoặc nêu người lưu giữ (custodian).",
        "Nobody may read the box “{value}” after this.",
        "Give access: congvu account grant, or name a custodian.",
    ),
    Fault.SCOPE_LOST: _w(
        "Quản trị viên “{value}” mất phạm vi “{unit}”: đơn vị kế tục khác khối.",
        "Cấp lại: congvu admin grant",
        "The administrator “{value}” loses “{unit}”: its successor is of another branch.",
        "Grant anew: congvu admin grant",
    ),
    Fault.BOX_TAKEN_OVER: _w(
        "“{unit}” chưa có hộp thư đơn vị: hộp thư “{value}” trở thành hộp thư của đơn vị này.",
        "Đặt bí danh mới nếu cần: congvu account add-alias",
        "“{unit}” has no unit box: “{value}” becomes its box.",
        "Add a new alias where needed: congvu account add-alias",
    ),
    Fault.LEFT: _w(
        "“{value}” đã nghỉ từ ngày {day}.",
        "Nếu người đó trở lại: congvu person return",
        "“{value}” left on {day}.",
        "If they come back: congvu person return",
    ),
    Fault.NOT_LEFT: _w(
        "“{value}” chưa nghỉ.",
        "Điều chuyển bằng: congvu person transfer",
        "“{value}” has not left.",
        "Move them with: congvu person transfer",
    ),
    Fault.HOLDS_POST: _w(
        "“{value}” đã giữ chức vụ này ở “{unit}”.",
        "Xem: congvu person show",
        "“{value}” holds this post in “{unit}” already.",
        "See: congvu person show",
    ),
    Fault.HOLDS_NO_POST: _w(
        "“{value}” không giữ chức vụ nào ở “{unit}”.",
        "Xem: congvu person show",
        "“{value}” holds no post in “{unit}”.",
        "See: congvu person show",
    ),
    Fault.PRIMARY_POST: _w(
        "Chức vụ ở “{unit}” là chức vụ chính của “{value}”.",
        "Dùng congvu person transfer hoặc congvu person leave.",
        "The post in “{unit}” is the primary one of “{value}”.",
        "Use congvu person transfer or congvu person leave.",
    ),
    Fault.POST_LATER: _w(
        "“{value}” đã có chức vụ bắt đầu từ ngày {day}.",
        "Hoàn tác quyết định đó (congvu plan list), hoặc chọn ngày sau ngày ấy.",
        "A post of “{value}” begins on {day} already.",
        "Undo that decision (congvu plan list), or choose a later day.",
    ),
    Fault.TWO_HEADS: _w(
        "“{value}” vẫn đang giữ vai trò {role} ở “{unit}”; cả hai sẽ đọc hộp thư chức danh.",
        "Điều chuyển người trước, nếu đã có quyết định.",
        "“{value}” still holds the role {role} in “{unit}”; both will read its post box.",
        "Transfer the former holder where that is decided.",
    ),
    Fault.OVERLAPS: _w(
        "“{value}” đã nghỉ từ {first} đến {last}.",
        "Sửa ngày để hai lần nghỉ không trùng nhau.",
        "“{value}” is away from {first} to {last} already.",
        "Choose days that do not overlap.",
    ),
    Fault.UNKNOWN_GROUP: _w(
        "Không có nhóm “{value}”.",
        "Xem: congvu group list",
        "There is no group “{value}”.",
        "See: congvu group list",
    ),
    Fault.GROUP_IS_COMPUTED: _w(
        "Thành viên của nhóm “{value}” được tính theo quy tắc.",
        "Sửa quy tắc, hoặc đưa nhóm này vào một nhóm cố định.",
        "The members of “{value}” follow its rule.",
        "Change the rule, or put this group into a fixed one.",
    ),
    Fault.GROUP_CYCLE: _w(
        "Nhóm “{value}” đã chứa nhóm “{group}”, trực tiếp hoặc qua nhóm khác.",
        "Bỏ một trong hai khỏi nhóm kia trước.",
        "The group “{value}” holds “{group}” already, itself or by another group.",
        "Take one out of the other first.",
    ),
    Fault.GROUP_TOO_LARGE: _w(
        "Nhóm “{value}” sẽ đến {count} hộp thư, giới hạn là {limit}.",
        "Chia nhóm, hoặc nâng groups.max_members.",
        "The group “{value}” would reach {count} boxes; the limit is {limit}.",
        "Split it, or raise groups.max_members.",
    ),
    Fault.UNKNOWN_PLACE: _w(
        "Không có địa bàn “{value}”.",
        "Xem cột place của tệp đơn vị.",
        "There is no place “{value}”.",
        "Look at the column place of the units' file.",
    ),
    Fault.RULE_FOLLOWS: _w(
        "Quy tắc của nhóm “{value}” nay nói đến “{after}” thay cho “{before}”.",
        "Kiểm tra: congvu group show {value}",
        "The rule of the group “{value}” now names “{after}” in place of “{before}”.",
        "Check it: congvu group show {value}",
    ),
    Fault.NOT_SPLIT: _w(
        "Không có dòng chia, tách nào cho đơn vị “{value}”.",
        "Thêm dòng split cho đơn vị này, hoặc xóa dòng assign.",
        "No line splits the unit “{value}”.",
        "Add a line split for it, or remove the line assign.",
    ),
    Fault.ONE_SUCCESSOR: _w(
        "Chỉ khi chia, tách (split) mới nêu nhiều đơn vị ở cột “{field}”.",
        "Để lại một đơn vị, hoặc dùng split.",
        "Only split names several units in “{field}”.",
        "Name one, or use split.",
    ),
    Fault.READDRESSED: _w(
        "“{value}” đã có ở tên miền mới: địa chỉ là “{after}”.",
        "Đổi sau nếu cần; địa chỉ cũ vẫn nhận thư.",
        "“{value}” is taken in the new domain: the address is “{after}”.",
        "Change it later where needed; the old address still works.",
    ),
    Fault.OUT_OF_SCOPE: _w(
        "“{value}” ngoài phạm vi quản trị của bạn.",
        "Đề nghị quản trị cấp trên của đơn vị đó thực hiện.",
        "“{value}” is outside of what you administer.",
        "Ask the administrator of that unit or of the province.",
    ),
    Fault.KEPT_WITH_PLAN: _w(
        "Danh sách có mật khẩu; kế hoạch được lưu nên không nhận mật khẩu.",
        "Bỏ cột mật khẩu: mật khẩu ban đầu được tạo khi thực hiện.",
        "The roster holds passwords; a plan is kept, so it takes none.",
        "Leave the column out: first passwords are made when the plan is applied.",
    ),
    **{Fault(value): _w(*words) for value, words in ROSTER_WORDS.items()},
}
