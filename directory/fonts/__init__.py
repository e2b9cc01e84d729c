"""The typeface of the PDF files that we write: it has every Vietnamese letter and ships with the package."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
FAMILY: Final = "Congvu Serif"
FACES: Final = {"": "Regular", "B": "Bold", "I": "Italic", "BI": "BoldItalic"}


def face(style: str) -> Path:
    """The file of one style, by fpdf2's letters: "", B, I, BI."""
    return FOLDER / f"CongvuSerif-{FACES[style]}.ttf"
