"""Text of Windows dumps: UTF-16 and UTF-8 with and without a mark, and the code pages of consoles.

Exports of regedit and wmic are UTF-16. What a console program wrote into a file is in the PC's own code page: 1258 in
Viet Nam, 1252 in the West, 437 on an English system; nothing in the file says which.
"""

import codecs
import re

_MARK = "\ufeff"

# In 437 these bytes are accented letters; in the Windows pages they are marks that nobody writes inside a word.
_WITHIN_437 = re.compile(rb"[A-Za-z][\x81-\x84\x87-\x8d](?![\x80-\xff])|[a-z][\x85\x93\x94\x96\x97\xa0-\xa4][a-z]")

# 1258 writes the tone as a mark of its own, behind a vowel; in 1252 the same bytes are letters.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_TONE_BEHIND_NO_VOWEL = re.compile(f"(?:^|[^aeiouyAEIOUYăâêôơưĂÂÊÔƠƯ])[{_TONES}]")
_PORTUGUESE = re.compile(rb"\xe3[oe]|\xf5e")


def decoded(data: bytes) -> str:
    """Return the text of a dump, whatever it is written in, without byte order marks.

    Some exports carry the mark twice, some not at all. A text that was cut within a letter loses that letter.
    """
    if data.startswith(codecs.BOM_UTF16_BE):
        return data.decode("utf-16-be", "replace").replace(_MARK, "")
    if data.startswith(codecs.BOM_UTF16_LE) or data[1:2] == b"\0":
        return data[: len(data) & ~1].decode("utf-16-le", "replace").replace(_MARK, "")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data).replace(_MARK, "")
    except UnicodeDecodeError:
        return data.decode(_code_page(data), "replace")


def _code_page(data: bytes) -> str:
    """Return the code page in which a text makes sense. Where 1258 and 1252 agree, either is right."""
    if _WITHIN_437.search(data):
        return "cp437"
    if _PORTUGUESE.search(data) or _TONE_BEHIND_NO_VOWEL.search(data.decode("cp1258", "replace")):
        return "cp1252"
    return "cp1258"


def lines(text: str) -> list[str]:
    r"""Return a text's lines. wmic's output through '>' ends each with \r\r\n."""
    return re.sub("\r+\n?", "\n", text).split("\n") if "\r" in text else text.split("\n")
