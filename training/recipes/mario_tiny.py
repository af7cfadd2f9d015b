"""The whole chain within about a minute, to see that it holds together: what it dreams is mush."""

from dataclasses import replace

from training.recipe import Hyper
from training.recipes import mario

RECIPE = replace(
    mario.RECIPE,
    name="mario-tiny",
    frames=600,
    heldout=400,
    codec_net=replace(mario.RECIPE.codec_net, channels=4, width=16, hidden=64),
    motion_net=replace(mario.RECIPE.motion_net, width=32, eye=8) if mario.RECIPE.motion_net else None,
    denoiser_net=replace(mario.RECIPE.denoiser_net, widths=(16, 24), embedding=32, memory=2, stamp=4, sprite=2),
    codec=Hyper(batch=8, rate=3e-3, minutes=0.1, steps=60, warmup=5),
    motion=Hyper(batch=8, rate=2e-3, minutes=0.1, steps=40, warmup=5),
    denoiser=Hyper(batch=6, rate=2e-3, minutes=0.1, steps=24, warmup=5),
    starts=4,
    collect=("--policy", "macros", "--trunk", "400", "--shortest", "120", "--longest", "240"),
)
