"""The DNS records that a domain of ours publishes, to be typed in at its registrar."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record: owner, type, value, and what it is for in both languages."""

    name: str
    type: str
    value: str
    vi: str
    en: str


def records_to_publish(domain: str, hostname: str, dkim_selector: str = "congvu") -> tuple[DnsRecord, ...]:
    """What a domain needs so that others deliver to it, believe its letters, and clients set themselves up."""
    return (
        DnsRecord(domain, "MX", f"10 {hostname}.", "Nơi nhận thư", "where letters go (RFC 5321 §5)"),
        DnsRecord(
            domain,
            "TXT",
            '"v=spf1 mx -all"',
            "Chỉ máy chủ này được gửi thư",
            "only this server sends (RFC 7208)",
        ),
        DnsRecord(
            f"_dmarc.{domain}",
            "TXT",
            f'"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"',
            "Xử lý thư giả mạo",
            "what to do with forged letters (RFC 9989)",
        ),
        DnsRecord(
            f"{dkim_selector}._domainkey.{domain}",
            "TXT",
            '"v=DKIM1; k=rsa; p=…"',
            f"Chữ ký thư; tạo khóa: congvu dkim make {domain}",
            f"signature; make its keys: congvu dkim make {domain} (RFC 6376)",
        ),
        DnsRecord(
            f"autoconfig.{domain}",
            "CNAME",
            f"{hostname}.",
            "Thunderbird tự cấu hình",
            "Thunderbird sets itself up",
        ),
        DnsRecord(
            f"_imaps._tcp.{domain}",
            "SRV",
            f"0 1 993 {hostname}.",
            "Nơi đọc thư",
            "where clients read (RFC 6186)",
        ),
        DnsRecord(
            f"_submissions._tcp.{domain}",
            "SRV",
            f"0 1 465 {hostname}.",
            "Nơi gửi thư",
            "where clients send (RFC 8314 §5.1)",
        ),
    )
