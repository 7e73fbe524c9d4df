"""Native files of Windows: which are some, and which carry a signature."""

_MZ, _PE = b"MZ", b"PE\0\0"
_PE_AT, _OPTIONAL_AFTER = 0x3C, 24
_SECURITY = 4
_DIRECTORIES_AT = {0x10B: 96, 0x20B: 112}
"""Where the data directories begin in the optional header, of 32-bit and of 64-bit files."""


def is_native(content: bytes) -> bool:
    """Return whether Windows would load a file as code: an EXE, a DLL or a PYD, whatever its name."""
    at = int.from_bytes(content[_PE_AT : _PE_AT + 4], "little")
    return content[:2] == _MZ and content[at : at + 4] == _PE


def is_signed(content: bytes) -> bool:
    """Return whether a native file carries an Authenticode signature.

    That it is there is read, not whose it is nor that it holds: Windows judges that, and the whole Python's SHA-256.
    """
    header = int.from_bytes(content[_PE_AT : _PE_AT + 4], "little") + _OPTIONAL_AFTER
    kind = int.from_bytes(content[header : header + 2], "little")
    if kind not in _DIRECTORIES_AT:
        return False
    entry = header + _DIRECTORIES_AT[kind] + 8 * _SECURITY
    offset = int.from_bytes(content[entry : entry + 4], "little")
    size = int.from_bytes(content[entry + 4 : entry + 8], "little")
    return 0 < size <= len(content) - offset and offset > 0
