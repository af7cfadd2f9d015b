"""A plain latent EDM, as DIAMOND's (Alonso et al. 2024, arXiv 2405.12399) but in latents: what the flagship adds, off.

RGB instead of a palette, no motion, the next latent itself is diffused and pasted whole, three Euler steps down
Karras's levels from 5 to 0.002, and it trains on real pasts alone.
"""

from dataclasses import replace

from training.recipe import Diffusion
from training.recipes import mario

RECIPE = replace(
    mario.RECIPE,
    name="mario-plain",
    palette=False,
    sigmas=(5.0, 0.283, 0.002),
    temperature=1.0,
    counters=(),
    patience=0,
    codec_net=replace(mario.RECIPE.codec_net, colors=0),
    motion_net=None,
    denoiser_net=replace(
        mario.RECIPE.denoiser_net,
        residual=False, gate=None, sigma_data=1.0, memory=0, columns=0, stamp=0, sprite=0, looks=(), backdrop=False,
        settles=(),
    ),
    diffusion=Diffusion(start=0.0, changed=0.0, busy=0.0, corrupt=0.0, erase=0.0, rollout=0.0, forget=0.0),
)  # fmt: skip
