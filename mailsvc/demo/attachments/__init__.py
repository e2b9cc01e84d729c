"""Attachments that the demo makes itself: official documents as PDF and DOCX, tables as XLSX."""

from mailsvc.demo.attachments.document import Attachment, Format, OfficialDocument, Sheet, Signature
from mailsvc.demo.attachments.render import render

__all__ = ["Attachment", "Format", "OfficialDocument", "Sheet", "Signature", "render"]
