"""`python -m training <stage>`: one module a stage, imported only when it is asked for."""

import importlib
import importlib.util
import sys

from dreamplay.errors import DreamplayError, UnknownNameError

STAGES = {
    "collect": "collect",
    "render": "render",
    "inspect": "inspect",
    "agent": "agent",
    "adopt": "adopt",
    "codec": "codec",
    "motion": "motion",
    "denoiser": "denoiser",
    "export": "export",
    "evaluate": "evaluate",
    "all": "chain",
}
"""Stage to module."""


def found() -> list[str]:
    """The stages whose modules exist."""
    return [stage for stage, module in STAGES.items() if importlib.util.find_spec(f"training.{module}")]


def main(argv: list[str]) -> int:
    """Run one stage. Returns the exit code."""
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: python -m training STAGE [options]\n\nstages: {', '.join(found())}")
        return 0
    try:
        if argv[0] not in found():
            raise UnknownNameError("stage", argv[0], found())
        return int(importlib.import_module(f"training.{STAGES[argv[0]]}").main(argv[1:]))
    except DreamplayError as error:
        print(f"training: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
