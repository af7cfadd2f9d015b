"""Every screen as it was when somebody looked at it and found it right."""

import numpy as np
import pytest
from PIL import Image

from dreamplay.letters import DIM, GOLD, INK, OPACITY, SHADE, Color
from tests.screens import GOLDEN, SCREENS

LARGE, SHARE = 48, 0.01  # a pixel that differs by more counts; another build of the font moves edges by less than that


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_looks_as_it_did(name: str) -> None:
    with Image.open(GOLDEN / f"{name}.png") as image:
        golden = np.asarray(image.convert("RGB"), np.int16)
    shown = SCREENS[name]()
    assert shown.shape == golden.shape
    differs = np.abs(shown - golden).max(-1) > LARGE
    assert differs.mean() < SHARE


def test_no_picture_is_of_a_screen_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SCREENS)


@pytest.mark.parametrize("ground", [(255, 255, 255), (0, 0, 0), (104, 136, 252)])
@pytest.mark.parametrize("ink", [INK, DIM, GOLD])
def test_texts_have_contrast_over_any_picture(ink: Color, ground: Color) -> None:
    share = OPACITY / 255
    mixed = [share * shade + (1 - share) * under for shade, under in zip(SHADE, ground, strict=True)]
    assert contrast(ink, mixed) >= 4.5


@pytest.mark.parametrize("ground", [GOLD, INK])
def test_what_is_chosen_has_contrast(ground: Color) -> None:
    assert contrast(SHADE, ground) >= 4.5


def contrast(one: "Color | list[float]", other: "Color | list[float]") -> float:
    """WCAG 2.1, contrast ratio, of colours 0..255."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: "Color | list[float]") -> float:
    """WCAG 2.1, relative luminance."""
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (each / 255 for each in color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
