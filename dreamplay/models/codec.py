"""The codec: a frame as 8x8 patches of few numbers, and back.

The encoder reads whole frames. The decoder has two parts: convolutions over the latent, and a small network that
draws one patch from one cell's features, so that a player draws only the patches that changed.

Axis letters: B batch, C channels, D width, H W latent rows and columns, h w pixels, P planes of a frame, n patches.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.config import CodecConfig
from dreamplay.models.layers import PATCH, ResBlock, coded_patches, color_codes


class Codec(nn.Module):
    """Encoder and decoder; palette indices in and out, or RGB when there is no palette.

    With a palette, drawing a pixel is a choice among its colours (a softmax): a dream stays crisp, where an L1
    regression of RGB smears.
    """

    codes: Tensor | None

    def __init__(self, config: CodecConfig, palette: tuple[tuple[int, int, int], ...]) -> None:
        super().__init__()
        self.config, self.colors = config, len(palette)
        self.register_buffer("codes", color_codes(torch.tensor(palette)) if palette else None, persistent=False)
        self.planes = 1 if palette else 3
        d, pixels = config.width, PATCH * PATCH
        codes = pixels * (4 if palette else 3)
        self.enter = nn.Sequential(nn.Conv2d(codes, 2 * d, 1), nn.SiLU(), nn.Conv2d(2 * d, d, 1))
        self.look = ResBlock(d)
        self.squeeze = nn.Conv2d(d, config.channels, 1)
        self.norm = nn.BatchNorm2d(config.channels, affine=False, momentum=0.01)
        self.widen = nn.Conv2d(config.channels, d, 3, padding=1)
        self.think = ResBlock(d)
        out = pixels * (config.colors if palette else 3)
        self.paint = nn.Sequential(
            nn.Linear(d, config.hidden), nn.SiLU(), nn.Linear(config.hidden, config.hidden), nn.SiLU(),
            nn.Linear(config.hidden, out),
        )  # fmt: skip
        self.inks = nn.Linear(config.colors, len(palette)) if palette else nn.Identity()

    def encode(self, frames: Tensor) -> Tensor:
        """frames: (B, h, w, P) uint8. Returns latents of zero mean and unit variance, (B, C, H, W)."""
        return self.latent(coded_patches(frames, self.codes))

    def latent(self, coded: Tensor) -> Tensor:
        """As `encode`, from what `coded_patches` makes of frames, (B, ., H, W)."""
        latent: Tensor = self.norm(self.squeeze(self.look(self.enter(coded))))
        return latent

    def features(self, latents: Tensor) -> Tensor:
        """latents: (B, C, H, W). Returns what each patch is drawn from, (B, H, W, D)."""
        return F.silu(self.think(self.widen(latents))).permute(0, 2, 3, 1)  # (B, H, W, D)

    def draw(self, features: Tensor) -> Tensor:
        """Draw patches: logits over the palette, or RGB in [0, 1].

        Args:
            features: Of the patches wanted, (n, D).

        Returns:
            (n, 64, colours) logits, or (n, 64, 3).
        """
        return self.inks(self.ink(features))

    def ink(self, features: Tensor) -> Tensor:
        """What pixels are drawn with before it becomes colours. features: (n, D). Returns (n, 64, inks)."""
        return self.paint(features).unflatten(-1, (PATCH * PATCH, -1))

    def pixels(self, features: Tensor) -> Tensor:
        """Draw patches as a frame holds them. features: (n, D). Returns (n, 64 * P) uint8."""
        drawn = self.draw(features)
        if self.planes == 1:
            return drawn.argmax(-1).to(torch.uint8)
        return (drawn.clamp(0, 1) * 255).round().to(torch.uint8).flatten(1)  # (n, 192)
