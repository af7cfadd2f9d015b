"""The flagship: Super Mario Bros 1-1 to 1-4, motion-compensated residual latent diffusion with a palette state."""

from dreamplay.config import CodecConfig, Counter, DenoiserConfig, Digit, Look, MotionConfig
from training.recipe import Diffusion, Hyper, Recipe

CLOCK_PERIOD = 20 * 402
CLOCK = Counter(
    name="clock",
    period=CLOCK_PERIOD,
    steps=(CLOCK_PERIOD - 2, 0, CLOCK_PERIOD - 40, CLOCK_PERIOD - 20),
    reset=20 * 401,
    elsewhere=((9216, 20 * 301),),
    digits=(Digit(x=208, y=24, unit=2000), Digit(x=216, y=24, unit=200), Digit(x=224, y=24, unit=20)),
)
"""The game's clock: 20 console frames a unit. It may stand, or run out fast once the flag is down;
from stage 1-3 on it begins with less."""
SCORE = Counter(
    name="score",
    period=100_000,
    steps=(0, 50, 100, 200, 400, 500, 800, 1000, 2000, 5000),
    reset=-1,
    digits=tuple(Digit(x=64 - 8 * power, y=24, unit=10**power) for power in (4, 3, 2, 1)),
    pays=(0, 0, 124, 188, 61, 125, 189, 62, 126, 63),
    due=43,
)
"""The points that rise from what was scored are counted in their sixth console frame; those of coins at once."""
COINS = Counter(
    name="coins",
    period=100,
    steps=(0, 1),
    reset=-1,
    digits=(Digit(x=104, y=24, unit=10), Digit(x=112, y=24, unit=1)),
)
SHIMMER = Counter(name="shimmer", period=48, steps=(2, 42), reset=-1, digits=(), tied=8)
"""Which of their six colours coins and "?" blocks have, and how soon they take the next one; now and then they keep one
for twice as long."""
INTERVAL = Counter(
    name="interval",
    period=18,
    steps=(16, 0),
    reset=-1,
    digits=(),
    timers=(50, 54, 55, 129, 132, 135, 178, 182, 193, 196),
    ends=(50, 54, 55, 182),
)
"""When slow timers go down by one: what ends a black screen, a squashed Goomba, a shell's sleep (Koopas and Goombas are
1, 4 and 7, and 64 more in each phase), the wait for the castle's flag (50) or that after the last words (54, 55, 182).
It stands while the game does."""
COLUMNS = 1864
"""Patches of 8 pixels across all of the emulator's atlas."""
BELOW = (3584, 8192)
"""Where in it things have the colours of below the ground: the rooms and stage 1-2."""
BAR = (
    *(0, 1, 3, 4, 5, 6, 7, 7, 8),
    *(0, 3, 6, 9, 11, 13, 14, 15, 16),
    *(0, 4, 9, 13, 16, 19, 22, 23, 24),
    *(0, 6, 12, 18, 22, 26, 29, 31, 32),
    *(0, 7, 15, 22, 28, 33, 37, 39, 40),
)
"""How far the balls of a fire bar are aside, which is the console's own sine."""
INJURY = Counter(name="injury", period=9, steps=(0, 8), reset=8, digits=(), beat=5)
"""How long Mario blinks and cannot be hurt again, in intervals."""
STAR = Counter(name="star", period=36, steps=(0, 35), reset=34, digits=(), beat=5)
"""How long a star lasts, in intervals."""

RECIPE = Recipe(
    name="mario",
    game="mario",
    stage="1-1..1-4",
    frames=100_000,
    heldout=9_000,
    context=4,
    sigmas=(4.0,),
    counters=(
        Counter(name="frame_counter", period=256, steps=(2,), reset=2, digits=()),
        CLOCK,
        SCORE,
        COINS,
        SHIMMER,
        INTERVAL,
        INJURY,
        STAR,
    ),
    codec_net=CodecConfig(channels=12, width=64, hidden=512, colors=12),
    motion_net=MotionConfig(
        fastest=8,
        cuts=(0, 1280, 2560, 3584, 4864, 6400, 8192, 4096, 6656, 8960, 9216, 10240, 12288),
        history=16,
        width=384,
        eye=32,
        things=13,
        kinds=256,
        scenes=40,
        columns=COLUMNS,
        guided=((8960, 9216, 1 << 7),),  # to the right, into the pipe that leads to 1-2
        grows=(47,),
    ),
    denoiser_net=DenoiserConfig(
        backbone="unet",
        widths=(64, 128, 192),
        blocks=1,
        embedding=256,
        residual=True,
        gate=0.1,
        sigma_data=0.4,
        memory=8,
        columns=COLUMNS,
        stamp=32,
        sprite=3,
        looks=(
            Look(kinds=(59, 111, 175), first=216, pictures=4, lasts=2, behind=False),  # coin, flower, star
            Look(kinds=(7, 71, 1, 65, 129, 193), first=228, pictures=2, lasts=8, behind=True),  # Goombas and Koopas
            Look(kinds=(186,), first=240, pictures=4, lasts=4, behind=False),  # pieces of bricks
            # A small firework, a mushroom, both flags, a used block, an extra life: their numbers are poses, too.
            Look(kinds=(23, 47, 49, 50, 122, 176), first=244, pictures=1, lasts=1, behind=False),
            # A mushroom and an extra life that come out of their block, a fireball that bursts.
            Look(kinds=(116, 119, 128, 192), first=250, pictures=1, lasts=1, behind=False),
            # A flower and a star that do; fireballs: in numbers of poses that big Mario does not have.
            Look(kinds=(117, 118), first=141, pictures=4, lasts=2, behind=False),
            Look(kinds=(64,), first=173, pictures=4, lasts=4, behind=False),
            # Below the ground: Goombas and Koopas, a flat Goomba, bricks and used blocks that bounce, pieces of bricks.
            Look(kinds=(7, 71, 1, 65, 129, 193), first=266, pictures=2, lasts=8, behind=True, within=BELOW),
            Look(kinds=(135, 58, 122), first=278, pictures=1, lasts=1, behind=False, within=BELOW),
            Look(kinds=(186,), first=281, pictures=4, lasts=4, behind=False, within=BELOW),
            # Piranha plants and red Koopas; lifts; the mark of the warp zone, which does not show.
            Look(kinds=(14, 4, 68, 132, 196), first=285, pictures=2, lasts=8, behind=True),
            Look(kinds=(39, 40), first=295, pictures=1, lasts=1, behind=False, across=3),
            Look(kinds=(53,), first=301, pictures=1, lasts=1, behind=False),
            Look(kinds=(16,), first=302, pictures=2, lasts=8, behind=True),  # red Koopas that fly
            Look(kinds=(38, 41), first=304, pictures=1, lasts=1, behind=False, across=3),  # lifts that bob and swing
            Look(kinds=(28, 29, 30, 31), first=310, pictures=4, lasts=2, behind=False, arm=BAR),  # fire bars
            Look(kinds=(22,), first=326, pictures=2, lasts=4, behind=False, across=2),  # Bowser's flames
            Look(kinds=(46, 110, 57, 121, 56, 120, 20, 84), first=330, pictures=1, lasts=1, behind=False),  # his halves
            Look(kinds=(54, 55, 182), first=338, pictures=1, lasts=1, behind=False),  # who thanks Mario, and says more
        ),
        backdrop=True,
        settles=(122,),  # used blocks that have bounced
    ),
    codec=Hyper(batch=48, rate=2e-3, minutes=18),
    motion=Hyper(batch=32, rate=1e-3, minutes=13, decay=0.3),
    denoiser=Hyper(batch=24, rate=8e-4, minutes=60),
    diffusion=Diffusion(warm=0.0, length=24.0, forget=0.0),
    starts=6,
)
