"""Short letters between colleagues, and what comes around every week. Each note: subject, text, then the answers."""

NOTES = (
    (
        "Nhờ góp ý dự thảo trước chiều nay",
        "Anh/chị xem giúp em dự thảo, chủ yếu là phần số liệu ở trang {s}. Em cần trình trước 16 giờ.",
        "Tôi đã xem. Phần nhận xét nên gọn lại, con số {p}% cần ghi nguồn.",
        "Em sửa rồi, cảm ơn anh/chị.",
    ),
    (
        "Mượn phòng họp tầng {s}",
        "Chiều {when} phòng mình cần phòng họp khoảng {a} chỗ, nhờ anh/chị xếp lịch giúp.",
        "Phòng trống từ 14 giờ, đã ghi tên phòng mình. Nhớ trả chìa khóa cho bảo vệ.",
        "",
    ),
    (
        "Xin nghỉ phép ngày {when}",
        "Kính gửi lãnh đạo, tôi xin nghỉ phép ngày {when} để đưa con đi khám. Công việc đã bàn giao.",
        "Đồng ý. Chúc cháu mau khỏe.",
        "",
    ),
    (
        "Máy in phòng văn thư kẹt giấy",
        "Máy in lại kẹt giấy từ sáng, báo lỗi khay {s}. Nhờ bộ phận kỹ thuật qua xem.",
        "Chiều nay mình qua. Trong lúc chờ, chuyển lệnh in sang máy bên phòng tổng hợp nhé.",
        "Đã in được rồi, cảm ơn.",
    ),
    (
        "Danh sách dự tập huấn chữ ký số",
        "Gửi anh/chị danh sách {a} người đăng ký. Ai chưa có chứng thư thì làm hồ sơ trước ngày {due}.",
        "Cho mình bổ sung thêm một người, hồ sơ gửi sau.",
        "",
    ),
    (
        "Biên bản họp giao ban sáng nay",
        "Em gửi tóm tắt: thống nhất {s} việc trọng tâm; phòng mình chủ trì báo cáo quý; hạn cuối ngày {due}.",
        "Đã rõ. Tôi nhận việc rà soát hồ sơ trễ hạn.",
        "",
    ),
    (
        "Xe đi cơ sở ngày {when}",
        "Đoàn đi {s} người, xuất phát 06 giờ 30 tại cổng chính. Đường đèo có sương, đề nghị lái xe đi chậm.",
        "Đã xếp xe, lái xe sẽ gọi điện trước.",
        "",
    ),
    (
        "Số liệu hộ nghèo còn lệch",
        "Biểu của xã và phần mềm lệch nhau hai hộ. Nhờ anh/chị đối chiếu lại giúp.",
        "Do hai hộ chuyển đi chưa cập nhật. Mình đã sửa, biểu mới là {b} hộ.",
        "Khớp rồi, cảm ơn nhiều.",
    ),
    (
        "Chúc mừng sinh nhật",
        "Công đoàn cơ quan chúc anh/chị tuổi mới nhiều sức khỏe. Mời cả phòng ăn bánh lúc 15 giờ.",
        "Cảm ơn mọi người!",
        "",
    ),
    (
        "Cảnh báo thư giả mạo",
        "Sáng nay có thư tự xưng là quản trị, báo hộp thư sắp đầy và đòi mật khẩu. Mọi người không bấm vào liên kết.",
        "Phòng tôi có hai người nhận được, chưa ai bấm.",
        "Tốt quá. Tôi đã chặn địa chỉ gửi.",
    ),
    (
        "Bản dịch tiếng K'Ho của tờ rơi",
        "Nhờ anh/chị xem giúp bản dịch tờ rơi phòng cháy rừng, đoạn {s} còn gượng.",
        "Mình sửa vài từ cho gần cách nói của bà con, gửi lại trong tối nay.",
        "",
    ),
    (
        "Sổ văn bản đến tuần này",
        "Tuần này đơn vị nhận {b} văn bản, {a} văn bản có thời hạn. Còn {s} văn bản chưa có người xử lý.",
        "Hai văn bản của thanh tra giao phòng tổng hợp, phần còn lại tôi bút phê trong chiều nay.",
        "",
    ),
    (
        "Lịch trực cuối tuần",
        "Gửi mọi người lịch trực. Ai đổi ca thì báo trước thứ Sáu, trong ca trực mở hộp thư đơn vị hai lần.",
        "Em đổi ca sáng Chủ nhật với anh Sơn nhé.",
        "Đã sửa lịch.",
    ),
    (
        "Ảnh khai trương chợ phiên",
        "Gửi anh/chị {a} tấm ảnh đẹp nhất để làm bản tin. Ảnh gốc nặng nên để ở máy phòng văn hóa.",
        "Ảnh cồng chiêng rất đẹp, mình dùng làm bìa.",
        "",
    ),
    (
        "Hỏi về hồ sơ đất của hộ bà Ma Nhun",
        "Hồ sơ nộp đã {a} ngày, trên hệ thống vẫn báo chờ. Anh/chị xem vướng ở bước nào?",
        "Thiếu bản trích đo. Nhờ xã báo hộ dân bổ sung, bên này làm ngay.",
        "Đã báo bà con, mai nộp.",
    ),
    (
        "Góp sách cho điểm trường thôn",
        "Chi đoàn vận động sách cũ cho điểm trường, thùng để ở sảnh đến ngày {due}.",
        "Tôi có {a} cuốn, mai mang lên.",
        "",
    ),
    (
        "Mất điện tại trụ sở sáng {when}",
        "Điện lực báo cắt điện từ 08 đến 11 giờ. Mọi người lưu tài liệu và tắt máy trước giờ cắt.",
        "",
        "",
    ),
    (
        "Nhờ kiểm tra quyền vào hộp thư đơn vị",
        "Đồng chí mới về chưa mở được hộp thư đơn vị, nhờ quản trị cấp quyền đọc và xử lý.",
        "Đã cấp quyền dùng chung. Đăng nhập bằng tài khoản cá nhân, hộp thư đơn vị hiện ở cột trái.",
        "Được rồi, cảm ơn.",
    ),
    (
        "Kế hoạch cà phê tái canh",
        "Tổng hợp nhu cầu giống: {a} nghìn cây, chủ yếu là giống ghép. Vườn ươm hẹn giao trước ngày {due}.",
        "Bà con muốn thêm {s} nghìn cây, anh hỏi giúp vườn ươm.",
        "",
    ),
    (
        "Kiểm kê tài sản cuối năm",
        "Mỗi phòng kiểm kê theo mẫu, lưu ý {a} máy tính nhận từ huyện cũ chưa có mã.",
        "Phòng tôi đã dán mã xong, biểu gửi sau.",
        "",
    ),
)
NEWSLETTERS = (
    (
        "TTCDS",
        "Bản tin chuyển đổi số tuần {week}",
        (
            ("Hộp thư đơn vị", "{p}% đơn vị mở hộp thư hai lần mỗi ngày, tăng so với tuần trước."),
            ("Mẹo nhỏ", "Gõ không dấu vẫn tìm được thư: thử gõ tên người gửi và vài chữ của trích yếu."),
            ("An toàn", "Tuần qua chặn {a} thư lừa đảo. Hệ thống không bao giờ hỏi mật khẩu qua thư."),
        ),
    ),
    (
        "SNNMT",
        "Bản tin thị trường nông sản tuần {week}",
        (
            ("Cà phê", "Giá nhân xô tại Di Linh dao động quanh {b} nghìn đồng một kg."),
            ("Rau, hoa", "Cà chua tăng nhẹ, hoa cúc giảm; thương lái thu mua đều."),
            ("Thời tiết", "Đêm và sáng sớm có sương mù, bà con lưu ý che phủ cây con."),
        ),
    ),
    (
        "BTGDV",
        "Thông tin nội bộ tuần {week}",
        (
            ("Dư luận", "Nhân dân quan tâm giá vật tư nông nghiệp và tiến độ sửa đường."),
            ("Điểm sáng", "Mô hình tổ dân vận giúp {a} hộ làm thủ tục trực tuyến."),
        ),
    ),
)
OUTSIDE = (
    (
        "Ms. Emma Lindqvist",
        "emma.lindqvist@greenhighlands.example",
        "SNNMT",
        "Đề nghị bố trí buổi làm việc / Request for a meeting on watershed monitoring",
        "Kính gửi Quý Sở,\n\nDự án Cao nguyên Xanh đề nghị một buổi làm việc trong tuần tới về {s} trạm quan trắc đầu nguồn.\n\nDear colleagues,\n\nThe Green Highlands project would like to meet next week about the {s} monitoring stations upstream. Any morning suits us.\n\nTrân trọng / Kind regards,\nEmma Lindqvist",
    ),
    (
        "Sato Haruka",
        "haruka.sato@kitaagri.example",
        "SNNMT",
        "Cảm ơn chuyến thăm / Thank you for hosting our delegation",
        "Kính gửi các anh chị,\n\nĐoàn chúng tôi đã về đến nơi an toàn. Mẫu đất sẽ có kết quả trước ngày {due}.\n\nDear friends,\n\nWe are safely home. The soil results will reach you before {due}.\n\nSato Haruka",
    ),
    (
        "Phòng Hợp tác quốc tế",
        "intl@caonguyen-univ.example",
        "SGDDT",
        "Chương trình học bổng / Scholarship programme for teachers",
        "Trường xin thông báo {s} suất học bổng cho giáo viên vùng cao.\n\nWe are pleased to offer {s} scholarships to teachers of the highlands. Applications close on {due}.",
    ),
    (
        "Công ty Điện lực",
        "lichcatdien@dienluc.example",
        "VPUBND",
        "Thông báo lịch ngừng cung cấp điện",
        "Kính gửi Quý cơ quan,\n\nNgày {when}, từ 08 đến 11 giờ, khu vực trung tâm tạm ngừng cung cấp điện để bảo dưỡng.\n\nMong Quý cơ quan thông cảm.",
    ),
    (
        "Dr. Paul Okafor",
        "p.okafor@healthbridge.example",
        "SYT",
        "Tài liệu tập huấn sốt xuất huyết / Dengue training material",
        "Kính gửi Sở Y tế,\n\nTôi gửi {s} bài giảng song ngữ.\n\nPlease find the outline of {s} lessons below; slides follow by post.\n\nPaul Okafor",
    ),
    (
        "Văn phòng Bộ (bản tin)",
        "bantin@bo.example",
        "UBND",
        "Điểm tin chỉ đạo, điều hành",
        "Văn phòng trân trọng gửi {a} tin chỉ đạo, điều hành nổi bật trong tuần. Nội dung chi tiết đăng trên cổng thông tin.",
    ),
    (
        "Ban Tổ chức Hội chợ",
        "expo@dalatfair.example",
        "SCT",
        "Mời tham gia gian hàng / Invitation to exhibit",
        "Ban tổ chức dành {s} gian hàng miễn phí cho hợp tác xã của tỉnh.\n\nWe keep {s} free booths for cooperatives of the province. Please confirm by {due}.",
    ),
    (
        "Tòa soạn Báo Cao Nguyên",
        "toasoan@baocaonguyen.example",
        "SVHTTDL",
        "Đăng ký phỏng vấn về lễ hội cồng chiêng",
        "Tòa soạn xin phỏng vấn lãnh đạo Sở khoảng {a} phút, câu hỏi gửi trước.",
    ),
)
