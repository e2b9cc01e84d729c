"""An attachment's octets: the same description always gives the same octets."""

from functools import lru_cache

from mailsvc.demo.attachments.document import Attachment, Format, OfficialDocument, Sheet
from mailsvc.demo.attachments.docx import docx_bytes
from mailsvc.demo.attachments.pdf import pdf_bytes
from mailsvc.demo.attachments.xlsx import xlsx_bytes


@lru_cache(maxsize=256)  # a file that comes back in replies and forwards is made once
def render(attachment: Attachment) -> bytes:
    """The file's octets, deterministic."""
    content = attachment.content
    match attachment.format, content:
        case Format.PDF, OfficialDocument():
            return pdf_bytes(content)
        case Format.DOCX, OfficialDocument():
            return docx_bytes(content)
        case Format.XLSX, Sheet():
            return xlsx_bytes(content)
        case _:
            raise TypeError(
                f"{attachment.filename}: {type(content).__name__} cannot become {attachment.format}"
            )
