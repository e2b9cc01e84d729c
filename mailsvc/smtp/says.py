"""The one table of what this server says; handlers choose from it (STYLE: errors are facts)."""

from __future__ import annotations

from mailsvc.model.errors import (
    AccountLocked,
    BadLetter,
    CrossBranchForbidden,
    ListForbidden,
    NoSuchRecipient,
    NotPermitted,
    OverQuota,
    SendingStopped,
    SendingTooFast,
    ServiceError,
    SignInUnavailable,
    StateSecret,
    StoreUnavailable,
    TooLarge,
    TooManyGuesses,
    WideListNeedsConfirmation,
    WrongCredentials,
)
from mailsvc.smtp.wire.address import PathError, PathFault
from mailsvc.smtp.wire.body import BodyFault
from mailsvc.smtp.wire.lines import LineFault
from mailsvc.smtp.wire.reply import Reply

OK = Reply(250, "2.0.0", "OK")
BYE = Reply(221, "2.0.0", "Bye")
GO_AHEAD = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
NEED_HELLO = Reply(503, "5.5.1", "Say hello first")
NEED_MAIL = Reply(503, "5.5.1", "Need MAIL first")
NEED_RCPT = Reply(503, "5.5.1", "No valid recipients")
NEED_AUTH = Reply(530, "5.7.0", "Authentication required")
NEED_TLS = Reply(538, "5.7.11", "Encryption required: use STARTTLS first")
NESTED_MAIL = Reply(503, "5.5.1", "A transaction is open already")
NO_ARGUMENT = Reply(501, "5.5.4", "This command takes no argument")
NEED_NAME = Reply(501, "5.5.4", "Your host name is needed")
NEED_BDAT = Reply(503, "5.5.1", "BODY=BINARYMIME comes by BDAT")
CHUNKS_BEGUN = Reply(503, "5.5.1", "The letter comes by BDAT: only BDAT or RSET now")
CHUNKS_FAILED = Reply(503, "5.5.1", "A chunk was refused: RSET first")
BAD_CHUNK = Reply(501, "5.5.4", "BDAT needs a size, and LAST on the last chunk")
NEED_TLS_FOR_REQUIRETLS = Reply(530, "5.7.10", "REQUIRETLS needs TLS here first")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")
SECURE_ALREADY = Reply(503, "5.5.1", "TLS is on already")
KNOWN_ALREADY = Reply(503, "5.5.1", "Already authenticated")
NO_SUCH_MECHANISM = Reply(504, "5.5.4", "Unrecognised authentication type")
CANNOT_VERIFY = Reply(252, "2.1.5", "Send the letter and see")
HELP = Reply(214, "2.0.0", "RFC 5321")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients")
TOO_LARGE = Reply(552, "5.3.4", "The letter is larger than this server takes")
NEED_SMTPUTF8 = Reply(553, "5.6.7", "The address needs SMTPUTF8")
TOO_SLOW = Reply(421, "4.4.2", "Time ran out")
TOO_MANY_FAULTS = Reply(421, "4.7.0", "Too many errors")
SHUTTING_DOWN = Reply(421, "4.3.2", "Service shutting down")
LOCAL_ERROR = Reply(451, "4.3.0", "Local error, try again later")
WRONG_CREDENTIALS = Reply(535, "5.7.8", "Name or password not accepted")

BODY_SAYS = {
    BodyFault.BARE_NEWLINE: Reply(550, "5.6.0", "Bare CR or LF in the letter; lines end with CR LF"),
    BodyFault.LINE_TOO_LONG: Reply(554, "5.6.0", "A line of the letter is too long"),
    BodyFault.TOO_LARGE: TOO_LARGE,
}
SENDER_OK = Reply(250, "2.1.0", "OK")
RECIPIENT_OK = Reply(250, "2.1.5", "OK")
SIGNED_IN = Reply(235, "2.7.0", "Authentication successful")
NO_RELAY = Reply(550, "5.7.1", "Relaying denied: sign in first")
TRUSTED_ONLY = Reply(554, "5.7.1", "Not for your network")
TRY_SIGN_IN_LATER = Reply(454, "4.7.0", "Too many failed attempts, try again later")
LOOP = Reply(554, "5.4.6", "Mail loop: this letter was here before")
NOT_FROM_OUR_DOMAIN = Reply(
    550,
    "5.7.1",
    "Thư mang tên miền của chúng tôi nhưng không do chúng tôi gửi / "
    "From is in our domain, and the letter bears no signature and no source of ours",
)
CANNOT_SCAN = Reply(
    451,
    "4.7.1",
    "Chưa quét được vi-rút, hãy gửi lại sau / The letter cannot be scanned for viruses now, try again later",
)
TOO_LARGE_TO_SCAN = Reply(
    552, "5.3.4", "Thư quá lớn để quét vi-rút / The letter is too large to be scanned for viruses"
)
COME_AGAIN = Reply(451, "4.7.1", "Xin gửi lại sau ít phút / Greylisted: please try again in a few minutes")
IS_JUNK = Reply(550, "5.7.1", "Thư bị coi là thư rác / The letter is taken for junk")
SERVICE_SAYS: dict[type[ServiceError], Reply] = {
    NoSuchRecipient: Reply(550, "5.1.1", "No such recipient here"),
    OverQuota: Reply(452, "4.2.2", "The mailbox is full"),
    NotPermitted: Reply(
        550,
        "5.7.1",
        "Tài khoản này không được gửi bằng địa chỉ đó / This sender address is not yours to use",
    ),
    BadLetter: Reply(
        550,
        "5.6.0",
        "Thư không ghi rõ người gửi (From) / The letter has no From that can be read, or several",
    ),
    StateSecret: Reply(
        550,
        "5.7.1",
        "Thư mang dấu độ mật nhà nước, không được gửi qua mạng này / "
        "The letter bears a mark of a state secret and may not travel here",
    ),
    SendingTooFast: Reply(
        451, "4.7.1", "Gửi quá nhiều thư, hãy chờ rồi gửi lại / Too many letters: wait, and send it again"
    ),
    SendingStopped: Reply(
        550,
        "5.7.1",
        "Tài khoản tạm ngừng gửi vì gửi ra ngoài bất thường, hãy báo quản trị / "
        "Sending is stopped: the account wrote to too many outside; tell your administrator",
    ),
    ListForbidden: Reply(
        550, "5.7.1", "Nhóm này không nhận thư của bạn / this list takes no letters from you"
    ),
    WideListNeedsConfirmation: Reply(
        550,
        "5.7.1",
        "Nhóm rất rộng: gửi từ trang web và xác nhận / a very wide list: send from the web page and confirm",
    ),
    CrossBranchForbidden: Reply(
        550, "5.7.1", "Quy định không cho gửi thư liên khối này / policy forbids writing to that branch"
    ),
    TooLarge: TOO_LARGE,
    StoreUnavailable: Reply(451, "4.3.1", "The store cannot take mail now, try again later"),
    WrongCredentials: WRONG_CREDENTIALS,
    # RFC 4954 §6: 535 in any case, so that nobody learns which names exist.
    AccountLocked: WRONG_CREDENTIALS,
    TooManyGuesses: TRY_SIGN_IN_LATER,
    SignInUnavailable: Reply(454, "4.7.0", "Nobody can sign in now, try again later"),
}
LINE_SAYS = {
    LineFault.TOO_LONG: Reply(500, "5.5.2", "Command line too long"),
    LineFault.BARE_NEWLINE: Reply(500, "5.5.2", "Bare CR or LF in a command; lines end with CR LF"),
}
PATH_SAYS = {
    PathFault.SYNTAX: (501, "5.5.2"),
    PathFault.PATH: (501, "5.1.3"),
    PathFault.PARAMETER: (501, "5.5.4"),
    PathFault.UNKNOWN_PARAMETER: (555, "5.5.4"),
}


def fails_dmarc(domain: str) -> Reply:
    """The author's domain asks us to refuse (RFC 9989 §5.3.6)."""
    shown = domain[:100] if domain.isascii() and domain.isprintable() else "?"
    return Reply(
        550,
        "5.7.1",
        f"Tên miền {shown} yêu cầu từ chối thư không chứng thực được / "
        f"refused as the domain {shown} asks: DMARC did not pass",
    )


def bad_path(error: PathError, *, path_code: str) -> Reply:
    """What to say of words after MAIL or RCPT that break the grammar."""
    code, enhanced = PATH_SAYS[error.fault]
    return Reply(code, path_code if error.fault is PathFault.PATH else enhanced, str(error))


def has_virus(name: str) -> Reply:
    """What the scanner found."""
    return Reply(550, "5.7.1", f"Thư có mã độc {name} / The letter contains malware: {name}")


def client_is_listed(zone: str) -> Reply:
    """Who names the client (RFC 5782 §2.1): whoever runs it can ask there."""
    return Reply(550, "5.7.1", f"Máy gửi nằm trong danh sách chặn {zone} / Your address is listed by {zone}")


def file_not_allowed(name: str) -> Reply:
    """An attachment that policy forbids."""
    shown = name if name.isprintable() else "?"
    return Reply(
        550,
        "5.7.1",
        f"Không nhận tệp chạy được hoặc có macro: {shown[:100]} / "
        "Files that run and documents with macros are not taken; put them where the recipient can fetch them",
    )
