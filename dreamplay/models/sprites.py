"""What things look like, pixel by pixel.

A thing looks the same wherever it stands, but patches of 8 pixels cut it differently at each of 64 places and before
each background: a network that draws patches would have to learn every one of them. So each kind of thing has learned
pictures, one of which is laid where the thing is; a small network then decides for each pixel between the patch as it
was drawn, the thing, the pixel as it was, and what was seen there before things hid it.

Axis letters: B batch, N things, C channels, H W rows and columns of patches, h w pixels, n patches,
m things, O old pixels.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dreamplay.coherence import EIGHTHS
from dreamplay.config import Look
from dreamplay.models.layers import PATCH, working_dtype, zeroed
from dreamplay.models.moves import PARTS, fine
from dreamplay.models.rules import PULL

ACROSS, DOWN = 16, 34
"""Pixels across and down of the box that a thing is drawn in."""
PIXELS = PATCH * PATCH
"""Of a patch."""
OLD = 8
"""Numbers that stand for the colour that a pixel had."""
WAYS = 32
"""Ways that an arm may point."""
LATE = 1
"""Console frames from the clock by which a picture was chosen to the clock of the frame that shows it."""
WIDTH = 64
"""Width of the network that decides."""


Pieces = tuple[tuple[tuple[int, int], ...], ...]
"""Where the pictures of a thing are, in pixels right of and below its place: for every way that it may point."""
ONE: Pieces = (((0, 0),),)
"""Where the picture of a thing with a single one is."""


def pieces(look: Look) -> Pieces:
    """Where the pictures of its things are: pointing one way or, with an arm, each 32nd of a turn from above."""
    if not look.arm:
        return (tuple((ACROSS * box, 0) for box in range(look.across)),)
    reaches = [look.arm[start : start + EIGHTHS] for start in range(0, len(look.arm), EIGHTHS)]
    return tuple(((0, 0), *(_pointing(reach, way) for reach in reaches)) for way in range(WAYS))


def _pointing(reach: Sequence[int], way: int) -> tuple[int, int]:
    """Where the end of an arm is. reach: How far it is aside after each eighth of a quarter turn."""
    quarter, eighth = divmod(way, EIGHTHS - 1)
    long, short = reach[eighth], reach[EIGHTHS - 1 - eighth]
    return ((long, -short), (short, long), (-long, short), (-short, -long))[quarter]


def _form(look: Look) -> tuple[Pieces, int]:
    """Where the pictures of its things are, and how far the number of each is from that of the one before."""
    return pieces(look), 0 if look.arm else 1


def _laid_out(forms: Sequence[tuple[Pieces, int]], many: int) -> dict[str, Tensor]:
    """Pieces of forms for every way, (forms, WAYS, many, 2), and their numbers behind the first, -1 for none."""
    at, behind = torch.zeros(len(forms), WAYS, many, 2, dtype=torch.long), torch.full((len(forms), many), -1)
    for i, (ways, step) in enumerate(forms):
        at[i, :, : len(ways[0])] = torch.tensor(ways)
        behind[i, : len(ways[0])] = step * torch.arange(len(ways[0]))
    return {"at": at, "next": behind}


class Looks(nn.Module):
    """Where each thing is drawn and which picture it shows: that of its kind or, beside the hero, one of its own.

    Tables have a row for everywhere and one for each part of the level in which things look otherwise.
    """

    first: Tensor
    last: Tensor
    rows: Tensor
    number: Tensor
    lasts: Tensor
    behind: Tensor
    form: Tensor
    at: Tensor
    next: Tensor

    def __init__(self, looks: Sequence[Look], kinds: int) -> None:
        """Set up.

        Args:
            looks: Of things with pictures of their own.
            kinds: Of things; 0 is none.
        """
        super().__init__()
        forms = list(dict.fromkeys([(ONE, 1), *map(_form, looks)]))
        self.own, self.many = bool(looks), max(len(ways[0]) for ways, _ in forms)
        parts = sorted({look.within for look in looks if look.within})
        rows = torch.arange(kinds)[:, None].repeat(len(parts) + 1, 1, max((look.pictures for look in looks), default=1))
        number, lasts = torch.ones(2, len(parts) + 1, kinds, dtype=torch.long)
        behind, form = torch.zeros(2, len(parts) + 1, kinds, dtype=torch.long)
        for look in sorted(looks, key=lambda look: look.within):
            where = slice(None) if not look.within else 1 + parts.index(look.within)
            its_form = forms.index(_form(look))
            pictures = torch.arange(look.first, look.end, look.across).view(len(look.kinds), -1)
            for kind, own in zip(look.kinds, pictures, strict=True):
                rows[where, kind, : look.pictures] = own
                number[where, kind], lasts[where, kind], behind[where, kind] = look.pictures, look.lasts, look.behind
                form[where, kind] = its_form
        first, last = torch.tensor(parts, dtype=torch.long).view(-1, 2).T
        tables = {"first": first, "last": last, "rows": rows, "number": number, "lasts": lasts, "behind": behind}
        tables |= {"form": form, **_laid_out(forms, self.many)}
        for name, table in tables.items():
            self.register_buffer(name, table.contiguous(), persistent=False)

    def forward(self, things: Tensor, before: Tensor, scrolls: Tensor, ticks: Tensor, odometer: Tensor) -> Tensor:
        """Things as they look.

        Args:
            things: The hero first, (B, N, E) int64.
            before: The same a frame before, on the screen as it was then.
            scrolls: Pixels that the camera went since, (B,) int64.
            ticks: The console's frame counter, (B, 1); not read where no thing has pictures of its own.
            odometer: Camera's left edge in pixels, (B,).

        Returns:
            x, y and picture, not above 0 for none, (B, N, 3), or several times N where some are of several pieces.
        """
        if not self.own:
            return things[..., :3]
        kind, part = things[:, 1:, 2].clamp(min=0), self._part(odometer)
        turn = (ticks - LATE).div(self.lasts[part, kind], rounding_mode="floor") % self.number[part, kind]
        picture = torch.cat([things[:, :1, 2], self.rows[part, kind, turn]], 1)
        went = fine(things) - fine(before) + PARTS * F.pad(scrolls[:, None, None], (0, 1))  # (B, N, 2)
        down = (things[..., 6] + before[..., 6]).div(2, rounding_mode="floor")  # gravity comes after the move
        late = F.pad(self.behind[part, kind], (1, 0)) * (went != 0).any(-1)
        at = fine(things) - late[..., None] * torch.stack([things[..., 5], down], -1)
        shown = torch.cat([at.div(PARTS, rounding_mode="floor"), picture[..., None]], -1)
        return shown if self.many == 1 else self._in_pieces(shown, things, F.pad(self.form[part, kind], (1, 0)))

    def _in_pieces(self, shown: Tensor, things: Tensor, form: Tensor) -> Tensor:
        """All pictures of things. shown: (B, N, 3). form: Which form each has, (B, N). Returns (B, N many, 3)."""
        at, further = self.at[form, things[..., PULL] % WAYS], self.next[form]  # (B, N, many, 2), (B, N, many)
        picture = (shown[..., 2:] + further) * (further >= 0)
        return torch.cat([shown[:, :, None, :2] + at, picture[..., None]], -1).flatten(1, 2)

    def _part(self, odometer: Tensor) -> Tensor:
        """Number of the part of the level, 0 where things look as everywhere. odometer: (B,). Returns (B, 1)."""
        inside = (odometer[:, None] >= self.first) & (odometer[:, None] < self.last)  # (B, parts)
        numbers = inside * torch.arange(1, len(self.first) + 1, device=inside.device)
        return F.pad(numbers, (1, 0)).amax(1, keepdim=True)  # where parts overlap, the last one


class Sprites(nn.Module):
    """Learned pictures of things, and what becomes of a drawn patch where they are."""

    def __init__(self, kinds: int, colors: int, inks: int, channels: int, olds: int = 1) -> None:
        """Set up.

        Args:
            kinds: Of things; 0 is none.
            colors: Of the palette; the next index is the unknown pixel.
            inks: Numbers that the codec draws a pixel with.
            channels: Numbers of a picture's pixel.
            olds: How many old pixels each one may be again.
        """
        super().__init__()
        self.colors, self.channels, self.olds = colors, channels, olds
        self.pictures = nn.Embedding(kinds, DOWN * ACROSS * channels)
        self.old = nn.Embedding(colors + 1, OLD)
        nn.init.normal_(self.pictures.weight, std=0.2)
        self.blend = nn.Sequential(
            nn.Linear(inks + olds * OLD + 2 * channels, WIDTH), nn.SiLU(), zeroed(nn.Linear(WIDTH, inks + olds))
        )

    def laid(self, things: Tensor, wanted: Tensor) -> Tensor:
        """The pictures of things where they are.

        Args:
            things: x, y in pixels and picture, not above 0 for none, (B, N, 3) int64.
            wanted: In which patches, (B, H, W) bool.

        Returns:
            (n, 64, C): the pixels of each of these patches.
        """
        device, (_, height, width) = things.device, wanted.shape
        frame, which = (things[..., 2] > 0).nonzero(as_tuple=True)
        x, y, picture = things[frame, which].unbind(-1)  # (m,)
        rows = (y[:, None] + torch.arange(DOWN, device=device))[..., None]  # (m, DOWN, 1)
        columns = (x[:, None] + torch.arange(ACROSS, device=device))[:, None]  # (m, 1, ACROSS)
        inside = (rows >= 0) & (rows < PATCH * height) & (columns >= 0) & (columns < PATCH * width)
        cells = (frame[:, None, None] * height + rows // PATCH) * width + columns // PATCH
        flat, cells = wanted.flatten(), cells * inside
        seen = inside & flat[cells]
        pixels = rows % PATCH * PATCH + columns % PATCH
        where = (flat.cumsum(0) - 1)[cells] * PIXELS + pixels  # (m, DOWN, ACROSS)
        pictures = self.pictures(picture).to(working_dtype(device)).unflatten(-1, (DOWN, ACROSS, self.channels))
        laid = pictures.new_zeros(flat.nonzero().shape[0] * PIXELS, self.channels)
        return laid.index_add_(0, where[seen], pictures[seen]).unflatten(0, (-1, PIXELS))

    def forward(self, drawn: Tensor, old: Tensor, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """What is added to drawn patches.

        Args:
            drawn: As the codec draws them, (n, 64, inks).
            old: The pixels that were there, palette indices, (n, 64, O).
            before: Pictures laid where things were, (n, 64, C).
            after: Pictures laid where they are now, (n, 64, C).

        Returns:
            More ink, (n, 64, inks), and more logit for each old colour because the pixel had it, (n, 64, O).
        """
        colours = F.embedding(old.int(), self.old.weight.to(drawn.dtype)).flatten(-2)
        told = torch.cat([drawn, colours, before, after], -1)
        more, keep = self.blend(told).tensor_split([-self.olds], -1)
        return more.contiguous(), keep * (old < self.colors)  # else adding takes four times as long
