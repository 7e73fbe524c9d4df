"""How Vietnamese is searched and put in order, as its readers expect it."""

import re
import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACE = {unicodedata.normalize("NFD", letter): place for place, letter in enumerate(_LETTERS)}

# The order of the tones in Vietnamese dictionaries: none, grave, hook, tilde, acute, dot.
_TONES = {mark: place for place, mark in enumerate("\u0300\u0309\u0303\u0301\u0323", start=1)}

_PIECE = re.compile(r"[0-9]+|.", re.DOTALL)

_PUNCTUATION, _NUMBER, _LETTER, _OTHER = range(4)


def fold(text: str) -> str:
    """Return text as a search compares it: lower case, no accents, đ as d, so that 'may tinh' finds 'Máy tính'."""
    if text.isascii():
        return text.lower()
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))
    return bare.replace("đ", "d").replace("Đ", "D").lower()


def sort_key(text: str) -> tuple[object, ...]:
    """Return what orders text as a Vietnamese dictionary does (a, ă, â, …, d, đ, …), and 'PC-2' before 'PC-10'."""
    letters: list[tuple[int, int, str]] = []
    tones: list[int] = []
    for piece in _PIECE.findall(unicodedata.normalize("NFD", text.lower())):
        if piece in _TONES:
            if tones:
                tones[-1] = _TONES[piece]
            continue
        if unicodedata.combining(piece[0]):
            _mark(letters, piece)
            continue
        letters.append(_placed(piece))
        tones.append(0)
    return tuple(letters), tuple(tones), text


def _placed(piece: str) -> tuple[int, int, str]:
    if piece[0] in "0123456789":
        number = piece.lstrip("0")
        return _NUMBER, len(number), number
    if piece in _PLACE:
        return _LETTER, _PLACE[piece], piece
    return (_OTHER if piece.isalpha() else _PUNCTUATION), ord(piece), piece


def _mark(letters: list[tuple[int, int, str]], mark: str) -> None:
    """Make the last letter another one by its mark: a and a breve are ă. Marks of other alphabets are passed over."""
    if letters and (marked := letters[-1][2] + mark) in _PLACE:
        letters[-1] = (_LETTER, _PLACE[marked], marked)
