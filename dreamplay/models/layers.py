"""Small parts that several networks share.

Axis letters: B batch, T past frames, C channels, D width, H W latent rows and columns, h w pixels,
P planes of a frame (1 palette index or 3 colours).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH = 8
"""Pixels along each side of the patch that one latent cell stands for: a tile of the console."""


class ResBlock(nn.Module):
    """x + conv(silu(conv(silu(x)))), the last convolution starting at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, D, H, W). Returns the same shape."""
        return x + self.second(F.silu(self.first(F.silu(x))))


class Conditioning(nn.Linear):
    """A linear map of the one row that a frame's conditions are, in float32 always.

    In bfloat16 it takes four times as long (256 x 256 on one core with AVX-512: 29 us instead of 6).
    """

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, n). Returns (B, D)."""
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


class FilmBlock(nn.Module):
    """A residual block whose normalised input is scaled and shifted by a condition.

    FiLM: Perez et al. 2018, arXiv 1709.07871. One GroupNorm a block instead of two: on a CPU it costs as much as a
    small convolution.
    """

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.film = zeroed(Conditioning(embedding, 2 * width))
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x: (B, D, H, W). condition: (B, embedding). Returns the shape of x."""
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)  # (B, D, 1, 1)
        h = F.silu(torch.addcmul(shift, self.norm(x.float()), 1 + scale))  # float32 takes a third of the time
        return x + self.second(F.silu(self.first(h.to(x.dtype))))


class Stamps(nn.Module):
    """Which piece of which thing covers which cell: a table of kind times piece in three factors (Hitchcock 1927)."""

    def __init__(self, kinds: int, rank: int) -> None:
        super().__init__()
        self.kind = nn.Embedding(kinds, rank)
        self.across, self.down = nn.Embedding(WIDE + PATCH, rank), nn.Embedding(TALL + PATCH, rank)
        for table in (self.kind, self.across, self.down):
            nn.init.normal_(table.weight, std=0.8)

    def forward(self, things: Tensor, rows: int, columns: int) -> Tensor:
        """Spread things over the cells that they cover.

        Args:
            things: x, y in pixels and kind, not above 0 for none, (B, N, 3) int64.
            rows, columns: Cells of a frame, H and W.

        Returns:
            (B, rank, H, W).
        """
        x, y, kind = things.unbind(-1)
        across = _pieces(self.across, x, columns)  # (B, N, W, rank)
        what = self.kind(kind.clamp(min=0)) * (kind > 0)[..., None]  # (B, N, rank)
        down = _pieces(self.down, y, rows) * what[:, :, None]  # (B, N, H, rank)
        rows_of, columns_of = down.permute(0, 3, 2, 1), across.permute(0, 3, 1, 2)  # (B, rank, H, N), (B, rank, N, W)
        return torch.bmm(rows_of.flatten(0, 1), columns_of.flatten(0, 1)).view(len(x), -1, rows, columns)


WIDE, TALL = 16, 40
"""Pixels across and down of the box in which a thing is drawn."""


def _pieces(table: nn.Embedding, at: Tensor, cells: int) -> Tensor:
    """What each cell along an axis shows of things that begin at these pixels. at: (B, N). Returns (B, N, cells, D)."""
    first = torch.arange(cells, device=at.device) * PATCH - at[..., None]  # (B, N, cells)
    touched = (first > -PATCH) & (first < table.num_embeddings - PATCH)
    return table((first + PATCH).clamp(0, table.num_embeddings - 1)) * touched[..., None]


def one_hot(numbers: Tensor, many: int) -> Tensor:
    """1 where the number is, else 0, in the type that autocast computes in. numbers: (...). Returns (..., many)."""
    return (numbers[..., None] == torch.arange(many, device=numbers.device)).to(working_dtype(numbers.device))


def working_dtype(device: torch.device) -> torch.dtype:
    """What linear maps compute in: there is no use in putting together what is then rounded."""
    lower = torch.is_autocast_enabled(device.type)
    return torch.get_autocast_dtype(device.type) if lower else torch.get_default_dtype()


def leave_out(x: Tensor, share: float, *, training: bool) -> Tensor:
    """Dropout (Srivastava et al. 2014) that leaves the same features out for all things of a row: one mask is drawn.

    x: (B, N, ...). Returns the same shape.
    """
    return x * F.dropout(torch.ones_like(x[:, :1]), share) if training else x


def zeroed(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    """Set a layer's weight and bias to zero, so that what it ends starts as the identity."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def color_codes(palette: Tensor) -> Tensor:
    """Fixed codes of the palette's colours: red, green, blue in [-1, 1] and whether the pixel is unknown.

    Args:
        palette: RGB of the colours, (P, 3) in 0..255.

    Returns:
        (P + 1, 4); the last row is the unknown pixel's.
    """
    known = torch.cat([palette.float() / 127.5 - 1, torch.zeros(len(palette), 1)], dim=1)
    return torch.cat([known, torch.tensor([[0.0, 0.0, 0.0, 1.0]])])


def to_patches(frames: Tensor) -> Tensor:
    """Cut frames into patches of 8x8 pixels.

    Args:
        frames: (B, h, w, P).

    Returns:
        (B, H, W, 64 * P), contiguous.
    """
    return _cut(frames[:, None])


def from_patches(patches: Tensor, planes: int) -> Tensor:
    """Put patches together again, the inverse of `to_patches`. patches: (B, H, W, 64 * P). Returns (B, h, w, P)."""
    b, rows, columns, _ = patches.shape
    lines = _whole(patches.view(b, rows, columns, PATCH, -1), planes)  # (B, H, W, 8, .)
    put = _pixels(lines.transpose(2, 3).contiguous(), patches.dtype)  # (B, H, 8, W, 8 P)
    return put.view(b, rows * PATCH, columns * PATCH, planes)


def _cut(frames: Tensor) -> Tensor:
    """Patches of several frames beside each other. frames: (B, T, h, w, P). Returns (B, H, W, T * 64 * P)."""
    b, t, h, w, p = frames.shape
    lines = _whole(frames.reshape(b, t, h // PATCH, PATCH, w // PATCH, PATCH * p), p)  # (B, T, H, 8, W, .)
    cut = _pixels(lines.permute(0, 2, 4, 1, 3, 5).contiguous(), frames.dtype)  # (B, H, W, T, 8, 8 P)
    return cut.view(b, h // PATCH, w // PATCH, -1)


def _whole(lines: Tensor, planes: int) -> Tensor:
    """A patch's lines of 8 bytes as one number each, which are moved in a fifth of the time.

    A recorded graph knows no numbers that are read as others: there, and where pixels are more than a byte, they stay.

    Args:
        lines: (..., 8 P).
        planes: P.

    Returns:
        (..., 1) int64, or the lines.
    """
    recorded: Callable[[], bool] = torch.jit.is_tracing  # type: ignore[attr-defined]  # has no types
    if recorded() or planes > 1 or lines.dtype != torch.uint8:
        return lines
    return lines.contiguous().view(torch.int64)


def _pixels(lines: Tensor, dtype: torch.dtype) -> Tensor:
    """The inverse of `_whole`. lines: Contiguous. dtype: Of the pixels. Returns (..., 8 P)."""
    return lines if lines.dtype == dtype else lines.view(dtype)


def coded_patches(frames: Tensor, codes: Tensor | None) -> Tensor:
    """Patches of frames as real numbers that a network can read.

    Args:
        frames: (B, h, w, P) uint8: palette indices with P = 1, or RGB with P = 3.
        codes: Codes of the palette, (colours + 1, 4), or None for RGB.

    Returns:
        (B, 64 * 4, H, W) or (B, 64 * 3, H, W), channels last in memory.
    """
    patches = to_patches(frames)
    coded = (patches.float() / 127.5 - 1) if codes is None else _lookup(patches, codes)
    return coded.permute(0, 3, 1, 2)  # (B, 256, H, W)


def coded_history(frames: Tensor, codes: Tensor | None) -> Tensor:
    """As `coded_patches`, for several frames at once.

    Args:
        frames: (B, T, h, w, P) uint8.
        codes: Codes of the palette, (colours + 1, 4), or None for RGB.

    Returns:
        (B, T * 64 * codes, H, W), channels last in memory.
    """
    patches = _cut(frames)
    coded = (patches.float() / 127.5 - 1) if codes is None else _lookup(patches, codes)
    return coded.permute(0, 3, 1, 2)


def _lookup(patches: Tensor, codes: Tensor) -> Tensor:
    """The codes of indices, in the type that autocast computes in: the tables are large. Returns (B, H, W, n * 4).

    A code of four numbers is looked up as one of four times their size: on a CPU that takes a third of the time.
    """
    if torch.is_autocast_enabled(patches.device.type):
        codes = codes.to(torch.get_autocast_dtype(patches.device.type))
    whole = codes.view(torch.int64 if codes.element_size() == 2 else torch.complex128)[:, 0]
    return whole.index_select(0, patches.flatten().int()).view(codes.dtype).view(*patches.shape[:3], -1)


def round_weights(network: nn.Module, dtype: torch.dtype) -> None:
    """Round the weights of convolutions and linear maps once, in place, which autocast else does at every step."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and not isinstance(module, Conditioning):
            module.to(dtype)
