"""The flagship: Super Mario Bros 1-1, motion-compensated residual latent diffusion with a palette state."""

from dreamplay.config import CodecConfig, Counter, DenoiserConfig, MotionConfig
from training.recipe import Diffusion, Hyper, Recipe

RECIPE = Recipe(
    name="mario",
    game="mario",
    stage="1-1",
    frames=100_000,
    heldout=9_000,
    context=4,
    sigmas=(4.0,),
    counters=(Counter(name="frame_counter", period=256, step=2), Counter(name="tick", period=24, step=22)),
    codec_net=CodecConfig(channels=12, width=64, hidden=512, colors=12),
    motion_net=MotionConfig(fastest=8, cuts=(0, 1280), history=16, width=256, eye=32),
    denoiser_net=DenoiserConfig(
        backbone="unet",
        widths=(64, 128, 192),
        blocks=1,
        embedding=256,
        residual=True,
        gate=0.3,
        sigma_data=0.4,
        memory=8,
        columns=440,
    ),
    codec=Hyper(batch=48, rate=2e-3, minutes=18),
    motion=Hyper(batch=64, rate=1e-3, minutes=5),
    denoiser=Hyper(batch=32, rate=1e-3, minutes=54),
    diffusion=Diffusion(),
)
