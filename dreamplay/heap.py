"""Memory that one step frees is there for the next one.

The C library (glibc) gives large blocks back to the system as soon as they are free; each page of them then has to be
asked for, and cleared, anew in the next step. Kept, a step of the flagship asks for 7 pages instead of 64, which a
virtual machine charges dearly for.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of the options, mallopt(3)."""
_KEPT = 256 << 20
"""Bytes that may lie free at the end of the heap."""
_LARGE = 32 << 20
"""Bytes of a block that still goes back at once."""


def keep_freed() -> None:
    """Let this process keep what it frees; nothing happens where its C library has no such option."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
    except (AttributeError, OSError, TypeError):  # another library, none, Windows
        return
