"""Super Mario Bros 1-1 in under 45 minutes on two cores: the flagship's recipe with less play and a narrower net."""

from dataclasses import replace

from training.recipe import Hyper
from training.recipes import mario

RECIPE = replace(
    mario.RECIPE,
    name="mario-nano",
    stage="1-1..1-1",
    frames=24_000,
    heldout=4_000,
    denoiser_net=replace(mario.RECIPE.denoiser_net, widths=(48, 96, 128)),
    codec=Hyper(batch=48, rate=2e-3, minutes=8),
    motion=Hyper(batch=64, rate=1e-3, minutes=6),
    denoiser=Hyper(batch=32, rate=1e-3, minutes=17),
)
