"""What the Hub's library and the network beneath it raise, said in one sentence each."""

import errno
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dreamplay.errors import DreamplayError, NetworkError, StorageError

_STATUS = {
    401: "The Hub knows no {name}, or it is private (401). Check the name; for a private one: hf auth login",
    403: "The Hub refuses {name} (403). Accept its terms on its page, or ask its owner for access",
    404: "The Hub has no {name} (404). Check the name and the revision",
}


def offline_error(name: str) -> NetworkError:
    """What is said when the network may not be asked."""
    return NetworkError(f"Offline, and {_later(name)}")


@contextmanager
def translated(name: str, consequence: str = "") -> Iterator[None]:
    """Turn every error of the Hub's library within into one of ours.

    Args:
        name: What is asked for: `user/repo@revision`.
        consequence: What follows from a Hub that is out of reach, and what to do; empty for downloads.

    Raises:
        NetworkError: The Hub cannot be reached, refuses, or answers nonsense.
        StorageError: The disk is full or may not be written.
    """
    # Its warnings about retries would tear the progress bar.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        yield
    except DreamplayError:
        raise
    except Exception as error:
        # The library's own errors are OSErrors and ValueErrors; beneath it is httpx, requests or a successor.
        if not isinstance(error, (OSError, ValueError)) and not type(error).__module__.startswith(
            ("httpx", "requests")
        ):
            raise
        raise _explain(error, name, consequence or _later(name)) from error


def _later(name: str) -> str:
    return f"{name} is not in the cache. Later: dreamplay get {name}"


def _explain(error: BaseException, name: str, consequence: str) -> DreamplayError:
    """Find the cause in the chain of errors: the libraries beneath change, statuses and error numbers stay."""
    chain = list(_chain(error))
    for each in chain:
        status = getattr(getattr(each, "response", None), "status_code", None)
        if isinstance(status, int) and status >= 400:
            return _refused(status, name, consequence)
        if type(each).__name__ == "OfflineModeIsEnabled":
            return offline_error(name)
    if any(isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT) for each in chain):
        return StorageError(f"the disk is full: {name} was not downloaded. Free some room and try again")
    for each in chain:
        if isinstance(each, PermissionError):
            return StorageError(f"cannot write {each.filename}: {each.strerror}")
    return _unreachable(_reason(chain), consequence)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refused(status: int, name: str, consequence: str) -> NetworkError:
    if status in _STATUS:
        return NetworkError(_STATUS[status].format(name=name))
    return _unreachable(f"it answers with error {status}", consequence)


def _reason(chain: list[BaseException]) -> str:
    text = " ".join(f"{type(each).__name__} {each}" for each in chain).lower()
    if "timeout" in text or "timed out" in text:
        return "timed out after 10 s"
    if "refused" in text:
        return "connection refused"
    if "name or service not known" in text or "name resolution" in text or "getaddrinfo" in text:
        return "its address cannot be looked up"
    if "consistency check" in text or "protocolerror" in text or "disconnected" in text or "reset by peer" in text:
        return "the connection broke off"
    if any(isinstance(each, json.JSONDecodeError) for each in chain) or "metadata" in text:
        return "something else answers in its place: a proxy or a login page"
    return str(chain[0]).splitlines()[0][:200] if str(chain[0]) else type(chain[0]).__name__


def _unreachable(reason: str, consequence: str) -> NetworkError:
    return NetworkError(f"Cannot reach the Hub ({reason}); {consequence}")
