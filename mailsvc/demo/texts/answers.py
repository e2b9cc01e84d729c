"""How units answer: received, passed on, reported."""

NOTED = (
    "{unit} đã nhận được văn bản và giao {who} tham mưu thực hiện.",
    "{unit} xác nhận đã nhận. Nội dung đã chuyển {who} xử lý, hoàn thành trước ngày {due}.",
    "Đã nhận và trình lãnh đạo cho ý kiến. {unit} sẽ triển khai đến từng thôn trong tuần này.",
    "{unit} đã vào sổ văn bản đến, phân công {who} theo dõi. Trân trọng.",
    "{unit} đã nhận đủ văn bản và phụ lục. Vướng mắc, nếu có, sẽ báo cáo sau.",
    "Văn thư {unit} xác nhận đã nhận lúc {hour}. Lãnh đạo đã bút phê giao {who} chủ trì.",
    "{unit} đã nhận. Đề nghị cho biết thêm đầu mối kỹ thuật để liên hệ khi cần.",
)
REPORTS = (
    "{unit} báo cáo kết quả thực hiện như sau:\n\n1. Đã rà soát {total} trường hợp, hoàn thành {done} trường hợp, đạt {share}%.\n2. Khó khăn: địa bàn rộng, một số hộ đi làm xa, đường vào thôn còn lầy lội.\n3. Kiến nghị: hỗ trợ thêm kinh phí và cán bộ kỹ thuật.",
    "Thực hiện văn bản nêu trên, {unit} đã họp triển khai tới {s} thôn, tổ dân phố; {done} trên {total} hộ đã ký cam kết, đạt {share}%. Phần còn lại hoàn thành trước ngày {due}.",
    "{unit} gửi báo cáo và biểu tổng hợp kèm theo. Tổng số {total}, đã xong {done}, đang làm {left}. Người lập biểu: {who}.",
    "Số liệu của {unit} đến ngày hôm nay: {b} lượt, tăng {c}% so với kỳ trước; không phát sinh vụ việc phức tạp.",
    "{unit} xin báo cáo chậm một ngày do mất điện. Số liệu: kế hoạch {total}, thực hiện {done}, còn lại {left}. Cam kết xong trước ngày {due}.",
)
REMINDERS = (
    "Đến nay còn {s} đơn vị chưa gửi báo cáo theo văn bản nêu dưới đây. Đề nghị gửi trước 16 giờ ngày {due}; đơn vị đã gửi xin bỏ qua thư này.",
    "Nhắc các đơn vị chưa có báo cáo: thời hạn cuối cùng là ngày {due}. Sau thời hạn này sẽ tổng hợp danh sách báo cáo lãnh đạo.",
)
THANKS = (
    "Đã nhận đủ, cảm ơn các đồng chí. Số liệu sẽ đưa vào báo cáo tổng hợp.",
    "Biểu còn thiếu cột lũy kế, nhờ {unit} bổ sung và gửi lại trong ngày. Cảm ơn.",
    "Số liệu khớp với phần mềm. Cảm ơn {unit}.",
)
