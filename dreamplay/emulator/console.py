"""The emulator and the game as their packages bring them."""

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

from dreamplay.errors import MissingExtraError


def rom_path() -> Path:
    """Where the game's package keeps the ROM.

    Raises:
        MissingExtraError: The extra `mario` is not installed.
    """
    spec = importlib.util.find_spec("gym_super_mario_bros")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).rglob("super-mario-bros.nes")):
            return path
    raise MissingExtraError("the real game of Super Mario Bros", "mario")


def load_emulator() -> Any:
    """The class NESEnv of nes-py 8 or 9, without the dead gym and with sizes of the ROM that do not overflow."""
    try:
        _alias_gym()
        rom: Any = importlib.import_module("nes_py._rom").ROM
        emulator = importlib.import_module("nes_py.nes_env").NESEnv
    except ImportError as error:
        raise MissingExtraError("the real game of Super Mario Bros", "mario") from error
    rom.prg_rom_size = property(lambda self: 16 * int(self.header[4]))
    rom.chr_rom_size = property(lambda self: 8 * int(self.header[5]))
    return emulator


def _alias_gym() -> None:
    """Let nes-py 8 find gymnasium where it looks for gym, which nobody maintains and which warns under NumPy 2."""
    import gymnasium

    modules: dict[str, types.ModuleType] = {"gym": gymnasium, "gym.spaces": gymnasium.spaces}
    for name, module in modules.items():
        sys.modules.setdefault(name, module)
