"""The words for what is wrong with rosters as offices export them, by the value of the fault."""

from typing import Final

Words = tuple[str, str, str, str]
"""Vietnamese and what to do, English and what to do."""

ROSTER_WORDS: Final[dict[str, Words]] = {
    "bad_phone": (
        "“{value}” không phải số điện thoại.",
        "Chỉ viết chữ số, có thể có + ở đầu.",
        "“{value}” is not a telephone number.",
        "Write digits, with + in front where needed.",
    ),
    "homograph": (
        "“{value}” và “{other}” ({owner}) chỉ khác dấu; địa chỉ được đặt là {address}.",
        "Báo cho cả hai người, kiểm tra người nhận trước khi gửi.",
        "“{value}” and “{other}” ({owner}) differ by marks only; the address is {address}.",
        "Tell both of them, and look twice before sending.",
    ),
    "homograph_refused": (
        "“{value}” và “{other}” ({owner}) chỉ khác dấu; quy tắc địa chỉ không tự đặt số.",
        "Điền địa chỉ cho dòng này.",
        "“{value}” and “{other}” ({owner}) differ by marks only, and the rule for addresses gives no number.",
        "Write an address into this line.",
    ),
    "not_xlsx": (
        "Tệp không phải XLSX hoặc CSV ({detail}).",
        "Mở bằng Excel hoặc LibreOffice, chọn Lưu thành → Excel Workbook (.xlsx), không đặt mật khẩu.",
        "The file is neither XLSX nor CSV ({detail}).",
        "Open it in Excel or LibreOffice and save it as Excel Workbook (.xlsx), without a password.",
    ),
    "xlsx_bomb": (
        "Tệp XLSX giải nén quá lớn: {detail} (giới hạn {limit}).",
        "Chép riêng bảng danh sách sang tệp mới rồi lưu lại.",
        "The XLSX file unpacks to too much: {detail} (limit {limit}).",
        "Copy only the list into a new file and save that.",
    ),
    "xlsx_macros": (
        "Tệp có macro ({detail}).",
        "Lưu thành Excel Workbook (.xlsx), là dạng không có macro.",
        "The file holds macros ({detail}).",
        "Save it as Excel Workbook (.xlsx), which has none.",
    ),
    "xlsx_links": (
        "Tệp liên kết đến tệp khác ({detail}).",
        "Trong Excel: Dữ liệu → Sửa liên kết → Ngắt liên kết; rồi lưu lại.",
        "The file links to other files ({detail}).",
        "In Excel: Data → Edit links → Break link; then save it again.",
    ),
    "formula_cell": (
        "Ô {cell} là công thức.",
        "Chép ô, dán đặc biệt → Giá trị, rồi lưu lại.",
        "Cell {cell} is a formula.",
        "Copy the cell, paste special → values, and save it again.",
    ),
    "error_cell": (
        "Ô {cell} báo lỗi {value}.",
        "Gõ lại giá trị của ô.",
        "Cell {cell} shows the error {value}.",
        "Type its value again.",
    ),
    "unreadable_sheet": (
        "Không có trang tính “{value}”.",
        "Các trang tính có: {expected}.",
        "There is no sheet “{value}”.",
        "These exist: {expected}.",
    ),
    "sheet_ignored": (
        "Trang tính “{value}” cũng có danh sách nhưng không được đọc.",
        "Đọc riêng bằng: --sheet “{value}”.",
        "The sheet “{value}” holds a list too, which was not read.",
        "Read it by itself: --sheet “{value}”.",
    ),
    "no_header": (
        "Không tìm thấy dòng tiêu đề của danh sách.",
        "Cần một dòng có ít nhất “Họ và tên” và một cột khác như “Đơn vị”, “Chức vụ”.",
        "No line with the names of the columns was found.",
        "One line must hold at least “Họ và tên” (Full name) and another column, such as “Đơn vị” (Unit).",
    ),
    "repeated_field": (
        "Hai cột cùng là “{column}”: {cells}.",
        "Xóa hoặc đổi tên một cột.",
        "Two columns are both “{column}”: {cells}.",
        "Remove or rename one of them.",
    ),
    "column_unused": (
        "Cột “{column}” không được dùng đến.",
        "Không cần làm gì, trừ khi tên cột viết sai.",
        "The column “{column}” is not used.",
        "Nothing to do, unless its name is a slip.",
    ),
    "old_font": (
        "Chữ trong tệp là mã {charset} cũ, đã chuyển sang Unicode.",
        "Xem lại vài tên trong bản xem trước.",
        "The text is in the old encoding {charset} and was converted.",
        "Look at some names in the preview.",
    ),
    "no_unit": (
        "Dòng không cho biết đơn vị.",
        "Điền cột đơn vị, hoặc chạy lại với --unit MÃ.",
        "The line does not say in which unit.",
        "Fill in the unit, or run it again with --unit CODE.",
    ),
    "unknown_unit_name": (
        "Không có đơn vị nào tên “{value}”{under}.",
        "Sửa tên theo cây đơn vị, hoặc ghi mã; xem: congvu unit list",
        "No unit is called “{value}”{under}.",
        "Write the name as in the tree of units, or its code; see: congvu unit list",
    ),
    "ambiguous_unit": (
        "“{value}” là tên của nhiều đơn vị: {expected}.",
        "Ghi mã đơn vị, thêm cột đơn vị cấp trên, hoặc chạy lại với --unit MÃ.",
        "Several units are called “{value}”: {expected}.",
        "Write the code, add a column with the unit above, or run it again with --unit CODE.",
    ),
    "department_unknown": (
        "“{value}” chưa có trong cây đơn vị; những người này vào “{unit}”.",
        "Nếu cần, tạo đơn vị đó trước: congvu unit create",
        "“{value}” is not in the tree of units; its people go to “{unit}”.",
        "Make that unit first where it is wanted: congvu unit create",
    ),
    "unit_from_title": (
        "Đơn vị lấy theo tiêu đề: “{value}”.",
        "Nếu sai, chạy lại với --unit MÃ.",
        "The unit was taken from the title: “{value}”.",
        "If that is wrong, run it again with --unit CODE.",
    ),
    "bad_birth_date": (
        "“{value}” không phải ngày sinh.",
        "Viết ngày/tháng/năm, ví dụ 05/09/1985; ô {cell}.",
        "“{value}” is not a birth date.",
        "Write day/month/year, such as 05/09/1985; cell {cell}.",
    ),
    "birth_implausible": (
        "Ngày sinh {value} không hợp lý với người đang công tác.",
        "Kiểm tra năm sinh; ô {cell}.",
        "The birth date {value} is unlikely for somebody in office.",
        "Check the year; cell {cell}.",
    ),
    "year_only": (
        "Chỉ có năm sinh ({value}); không dùng để nhận ra người.",
        "Nếu được, ghi đủ ngày, tháng, năm sinh.",
        "Only the year of birth is there ({value}); people are not told apart by it.",
        "Write the whole birth date where you can.",
    ),
    "leading_zero": (
        "“{value}” mất số 0 ở đầu, đã thêm lại: {fixed}.",
        "Định dạng cột đó là Văn bản (Text) để giữ số 0.",
        "“{value}” had lost its first zero, which was put back: {fixed}.",
        "Format that column as text to keep it.",
    ),
    "bad_identifier": (
        "“{value}” không dùng làm mã được.",
        "Mã gồm chữ, số và . / -, dài nhất 35 ký tự; ô {cell}.",
        "“{value}” cannot be an identifier.",
        "Use letters, digits and . / -, 35 characters at most; cell {cell}.",
    ),
    "outside_address": (
        "“{value}” không phải địa chỉ của hệ thống; không được dùng.",
        "Không cần làm gì; hệ thống đặt địa chỉ công vụ.",
        "“{value}” is not an address of this system and was not used.",
        "Nothing to do; an official address is made.",
    ),
    "address_kept": (
        "{name} đã có địa chỉ {owner}; “{value}” không được dùng.",
        "Muốn thêm: congvu account add-alias {owner} {value}",
        "{name} has the address {owner}; “{value}” was not used.",
        "To add it: congvu account add-alias {owner} {value}",
    ),
    "other_person": (
        "“{value}” là của {name} ({owner}), không phải của người ở dòng này.",
        "Kiểm tra mã, địa chỉ và họ tên; nếu người này đổi tên, sửa bằng tệp accounts.csv.",
        "“{value}” belongs to {name} ({owner}), not to whom this line names.",
        "Check identifier, address and name; if the person changed names, use accounts.csv.",
    ),
    "ambiguous_person": (
        "Có nhiều người tên “{value}” cùng ngày sinh: {expected}.",
        "Ghi mã hoặc địa chỉ của người này.",
        "Several people are called “{value}” and have this birth date: {expected}.",
        "Write an identifier or address.",
    ),
    "person_archived": (
        "{owner} đã lưu trữ.",
        "Ghi địa chỉ mới, hoặc để trống mã để tạo người mới.",
        "{owner} is archived.",
        "Write a new address, or leave the identifier out to make a new person.",
    ),
    "takes_too_long": (
        "Đọc tệp quá {limit} giây.",
        "Chia tệp thành nhiều phần.",
        "Reading the file takes more than {limit} seconds.",
        "Split the file.",
    ),
    "code_taken": (
        "Mã đơn vị “{value}” đã có.",
        "Chọn mã khác: --code MÃ.",
        "The code “{value}” is taken.",
        "Choose another one: --code CODE.",
    ),
    "no_parent_in_branch": (
        "Không rõ đơn vị cấp trên của khối {value} (có: {expected}).",
        "Nêu rõ: --under {value}=MÃ, hoặc bỏ khối này: --branch …",
        "It is not clear which unit of the branch {value} is above ({expected}).",
        "Say it: --under {value}=CODE, or leave the branch out: --branch …",
    ),
    "no_administrator": (
        "Chưa có quản trị viên cho “{value}”.",
        "Thêm --administrator KHỐI=ĐỊA-CHỈ, hoặc sau này: congvu admin grant",
        "“{value}” has no administrator yet.",
        "Add --administrator BRANCH=ADDRESS, or later: congvu admin grant",
    ),
}
