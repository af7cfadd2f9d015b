"""What the parts of a cartridge's config must say about each other: motion, looks and clocks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from dreamplay.config import Config

DIGITS = 10
"""Pictures of digits, whose numbers follow those of the kinds of things."""

EIGHTHS = 9
"""Readings of a quarter turn of an arm, its beginning and its end included."""

Refuse = Callable[[str, object, str], NoReturn]


def check(config: "Config", refuse: Refuse) -> None:
    """Check what no single field's type and bounds can say.

    Args:
        config: What a config.json says.
        refuse: Called with the key, the value and what is allowed.
    """
    if (motion := config.motion) and motion.scenes >= motion.kinds:
        refuse("motion.scenes", motion.scenes, f"less than motion.kinds, {motion.kinds}")
    things = motion.kinds - motion.scenes if motion else 0
    for guide in motion.guided if motion else ():
        if not (0 <= guide[0] < guide[1] and 0 <= guide[2] < 1 << len(config.game.buttons)):
            refuse(
                "motion.guided", guide, "two odometer readings, the second one larger, and a mask of the game's buttons"
            )
    if config.denoiser.backdrop and (config.context < 2 or config.motion is None):
        refuse("denoiser.backdrop", True, "false with a context of 1 or without motion")
    for key, kinds in (("denoiser.settles", config.denoiser.settles), ("motion.grows", motion.grows if motion else ())):
        if wrong_kinds := [kind for kind in kinds if not 0 < kind < things]:
            refuse(key, wrong_kinds[0], f"1 to {things - 1}" if motion else "none without motion")
    _check_looks(config, refuse)
    _check_timers(config, refuse)
    _check_resets(config, refuse)


def _check_looks(config: "Config", refuse: Refuse) -> None:
    """Check that pictures follow a clock, and that each has a number of its own."""
    looks, motion = config.denoiser.looks, config.motion
    if not looks:
        return
    if not config.counters or motion is None:
        refuse("denoiser.looks", f"a list of {len(looks)}", "none without counters and motion")
    things = motion.kinds - motion.scenes
    kinds = [(kind, look.within) for look in looks for kind in look.kinds]
    for kind, within in kinds:
        if not 0 < kind < things or kinds.count((kind, within)) > 1:
            refuse("denoiser.looks.kinds", kind, f"1 to {things - 1}, each once in the same place")
    taken = set(range(motion.kinds, motion.kinds + DIGITS))
    for look in looks:
        numbers = set(range(look.first, look.end))
        if numbers & taken:
            free = f"numbers but those of the digits from {motion.kinds}, each once"
            refuse("denoiser.looks.first", look.first, free)
        taken |= numbers
        if look.within and not (len(look.within) == 2 and 0 <= look.within[0] < look.within[1]):
            refuse("denoiser.looks.within", look.within, "two odometer readings, the second one larger, or none")
        if len(look.arm) % EIGHTHS or (look.arm and look.across > 1):
            allowed = f"{EIGHTHS} numbers for each picture, and none where `across` is not 1"
            refuse("denoiser.looks.arm", f"a list of {len(look.arm)}", allowed)


def _check_timers(config: "Config", refuse: Refuse) -> None:
    """Check that only things that may be there have timers and pay, and that clocks follow others."""
    things = config.motion.kinds - config.motion.scenes if config.motion else 1
    for i, counter in enumerate(config.counters):
        for kind in counter.timers:
            if not 0 < kind < things:
                refuse(f"counters[{i}].timers", kind, f"1 to {things - 1}" if things > 1 else "none without motion")
        if not set(counter.ends) <= set(counter.timers):
            refuse(f"counters[{i}].ends", counter.ends, "a part of its timers")
        if counter.beat >= len(config.counters) or counter.beat == i:
            refuse(f"counters[{i}].beat", counter.beat, f"-1 or another below {len(config.counters)}")
        if counter.tied and counter.period % counter.tied:
            refuse(f"counters[{i}].tied", counter.tied, f"0 or a divisor of its period, {counter.period}")
        if len(counter.pays) > len(counter.steps) or not all(0 <= kind < things for kind in counter.pays):
            refuse(f"counters[{i}].pays", counter.pays, f"a list of 0 to {things - 1}, no longer than its steps")


def _check_resets(config: "Config", refuse: Refuse) -> None:
    """Check that clocks begin again at what they can show, further on at places further on."""
    for i, counter in enumerate(config.counters):
        if counter.reset >= counter.period:
            refuse(f"counters[{i}].reset", counter.reset, f"-1 or less than its period, {counter.period}")
        places = [place for place, _ in counter.elsewhere]
        if places != sorted(set(places)) or not all(0 <= reset < counter.period for _, reset in counter.elsewhere):
            refuse(f"counters[{i}].elsewhere", counter.elsewhere, "rising places, each with what it can count to")
