"""The model card: a cartridge's README.md, made from its config."""

from pathlib import Path

from dreamplay.config import Config


def write(directory: Path, config: Config) -> None:
    """Write README.md into the cartridge's folder."""
    (directory / "README.md").write_text(text(config))


def text(config: Config) -> str:
    """The card, in the Hub's format."""
    net, source = config.denoiser, config.provenance
    lines = [
        "---",
        f"license: {config.license.lower()}",
        "library_name: dreamplay",
        "tags: [world-model, diffusion, game]",
        "---",
        "",
        f"# {config.name}: {config.game.title}, dreamed",
        "",
        f"Play it: `dreamplay --model {config.name}`.",
        "",
        "| | |",
        "|---|---|",
        f"| picture | {config.game.width}x{config.game.height}, {config.game.fps:g} frames a second |",
        f"| buttons | {', '.join(config.game.buttons)} |",
        f"| codec | {config.codec.channels} channels for 8x8 pixels, width {config.codec.width} |",
        f"| denoiser | {net.backbone}, widths {', '.join(map(str, net.widths))}, {len(config.sigmas)} step(s) |",
        f"| past | {config.context} frames |",
        f"| starts | {len(config.starts)} |",
        f"| recipe | `{source.recipe}`, {source.samples:,} samples, seed {source.seed} |",
        f"| movies | sha256 `{source.movies[:16]}` |",
        "",
        "It was trained on movies of the real game that this project's scripted players recorded; it holds no ROM.",
    ]
    if config.quality:
        lines += [
            "",
            "## Quality",
            "",
            "On held-out movies, by `python -m training evaluate`:",
            "",
            "| what | |",
            "|---|---|",
        ]
        lines += [f"| {name} | {value:.4g} |" for name, value in config.quality.items()]
    return "\n".join(lines) + "\n"
