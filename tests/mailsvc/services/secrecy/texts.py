"""Fifty letters that bear a mark, and two hundred that only speak of such words."""

MARKED: tuple[tuple[str, str], ...] = (
    ("[MẬT] Kế hoạch diễn tập", ""), ("(TỐI MẬT) Báo cáo nhân sự", ""), ("<TUYỆT MẬT> Phương án", ""),
    ("MẬT - Kế hoạch 12/KH-UBND", ""), ("MẬT: danh sách", ""), ("Mật danh", "MẬT\nKẾ HOẠCH\nBảo vệ mục tiêu"),
    ("TỐI MẬT - phương án tác chiến", ""), ("TUYỆT MẬT: hồ sơ", ""), ("Fwd: [MẬT] hồ sơ cán bộ", ""),
    ("Re: MẬT - hồ sơ", ""), ("Công văn số 12/CV - MẬT", ""), ("Báo cáo quốc phòng (MẬT)", ""),
    ("Kế hoạch khu vực phòng thủ, MẬT", ""), ("Hồ sơ TỐI MẬT về biên giới", ""), ("Gửi tài liệu TUYỆT MẬT", ""),
    ("Độ mật: Mật", ""), ("Mức độ mật: Tối mật", ""), ("Kế hoạch", "Độ mật: MẬT\nKính gửi"),
    ("Kế hoạch", "Mức độ mật : Tuyệt mật"), ("Báo cáo", "ỦY BAN NHÂN DÂN TỈNH\nTỐI MẬT\nSố: 01/BC"),
    ("Báo cáo", "TUYỆT MẬT\nBáo cáo tình hình"), ("Báo cáo", "* MẬT *\nnội dung"), ("Báo cáo", "--- MẬT ---"),
    ("Báo cáo", "[ TỐI MẬT ]"), ("Báo cáo", "M Ậ T\nnội dung"), ("Báo cáo", "ĐỘ MẬT: TUYỆT MẬT"),
    ("Báo cáo", "MẬT BẢN SỐ: 03\nnội dung"), ("Báo cáo", "ĐỘ MẬT\nMẬT"), ("Báo cáo", "“MẬT”"),
    ("Báo cáo", "Đóng dấu: [MẬT]"), ("Hồ sơ", "Tài liệu TỐI MẬT, cấm sao chụp"),
    ("Hồ sơ", "Đây là tài liệu TUYỆT MẬT của Nhà nước"), ("Hồ sơ", "TOI MAT\nnoi dung"), ("TUYET MAT", ""),
    ("Hồ sơ", "= TUYET MAT ="), ("Hồ sơ", "MẬT.\nKế hoạch"), ("Hồ sơ", "MẬT!"), ("Hồ sơ", "(MẬT)"),
    ("Hồ sơ", "\u00a0MẬT\u00a0\nKế hoạch"), ("Hồ sơ", "MA\u0323\u0302T\nKế hoạch"), ("MẬT/ hồ sơ", ""),
    ("MẬT | lịch trực", ""), ("Chuyển tiếp: TỐI MẬT – lịch", ""), ("Hồ sơ", "Mức mật: mật"),
    ("Hồ sơ", "Độ mật = Tối mật"), ("Hồ sơ", "/MẬT/"), ("Hồ sơ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\n\nMẬT\n\nQUYẾT ĐỊNH"),
    ("Hồ sơ", "Độ mật - Tuyệt mật"), ("Hồ sơ {MẬT}", ""), ("Hồ sơ", "Nơi nhận:\n\n\n  TUYỆT   MẬT  "),
)  # fmt: skip

_SUBJECTS = (
    "Tập huấn bảo mật thông tin", "BẢO MẬT THÔNG TIN", "Đổi mật khẩu thư công vụ", "MẬT KHẨU MỚI", "Mật độ dân số năm 2025",
    "MẬT ĐỘ XÂY DỰNG khu đô thị", "Luật Bảo vệ bí mật nhà nước", "BÍ MẬT NHÀ NƯỚC: tập huấn", "Không mật: lịch họp",
    "Tài liệu không mật", "Giải mật hồ sơ năm 1995", "Danh mục tài liệu đã giải mật", "Cơ mật là gì", "Mật ong rừng U Minh",
    "Sản xuất mật ong Đắk Nông", "Mật mã hành chính", "Ban Cơ yếu: mật mã", "Thân mật gặp gỡ", "Gặp mặt thân mật cuối năm",
    "Mật thiết phối hợp", "Bảo mật hệ thống một cửa", "Cam kết bảo mật", "AN TOÀN, BẢO MẬT", "Chế độ mật phí",
    "Mật vụ trong lịch sử", 'Phim "Tuyệt mật" chiếu rạp', "Hội thảo về mật mã học", "Không thuộc độ mật", "Hết mật từ 01/01",
    "Bỏ phiếu kín và bí mật", "Quy chế bảo vệ bí mật", "Kiểm tra công tác bảo vệ bí mật nhà nước", "mat khau thu", "MAT BANG QUY HOACH",
    "Mặt bằng xây dựng", "Mất mật khẩu", "Lớp bồi dưỡng kiến thức bảo mật", "Tăng cường bảo mật, an ninh mạng", "Đường mật độ cao",
    "Mật độ giao thông",
)  # fmt: skip
_BODIES = (
    "Kính gửi các đơn vị,\nĐề nghị đổi mật khẩu trước ngày 15.",
    "Mật độ dân số bình quân 120 người/km2.\nMật độ cao nhất ở phường 1.",
    "Nội dung tập huấn:\n- BẢO MẬT DỮ LIỆU\n- MẬT KHẨU MẠNH\n- BÍ MẬT CÁ NHÂN",
    "Văn bản này không mật, đề nghị phổ biến rộng rãi.\nKhông thuộc loại tài liệu mật.",
    "Theo Luật Bảo vệ bí mật nhà nước, độ mật gồm mật, tối mật, tuyệt mật.\nTrân trọng.",
)
INNOCENT: tuple[tuple[str, str], ...] = tuple((subject, body) for subject in _SUBJECTS for body in _BODIES)
