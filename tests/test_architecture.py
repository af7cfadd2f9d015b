"""What every file must keep to, read from its syntax tree: who imports whom, what is forbidden, how long things are."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLAYER = sorted((ROOT / "dreamplay").rglob("*.py"))
TRAINING = sorted((ROOT / "training").rglob("*.py"))

ALLOWED = {
    "torch": (
        "dreamplay.models",
        "dreamplay.ring",
        "dreamplay.anchor",
        "dreamplay.trial",
        "dreamplay.checkpoint",
        "dreamplay.dream",
        "dreamplay.states",
        "dreamplay.threads",
        "dreamplay.bench",
    ),
    "pygame": tuple(f"dreamplay.{name}" for name in ("screen", "projector", "hud", "card", "pane", "letters", "icon")),
    "huggingface_hub": ("dreamplay.repository",),
    "gymnasium": ("dreamplay.emulator",),
    "gym": ("dreamplay.emulator",),
    "nes_py": ("dreamplay.emulator",),
    "gym_super_mario_bros": ("dreamplay.emulator",),
    "av": ("dreamplay.video",),
}
"""Which modules of the player may import a package, whether on top or inside a function."""

FORBIDDEN = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "cv2", "runpy", "training"}
"""What no module of the player imports: what runs code from files, and what an install does not bring along."""

CALLS = {"eval", "exec", "compile", "__import__", "torch.load", "torch.hub.load", "numpy.load", "np.load", "os.system"}
"""What no module of the player calls."""

PLAYING = ("cli", "play", "player", "screen", "hud", "controls", "hotkeys", "pilot")
"""Modules of the player that training leaves alone."""

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50

SIDE_EFFECTS = {"open", "print", "input", "torch", "os", "subprocess", "pygame", "random", "logging"}
"""Calls to these run nowhere at import, not even for a constant."""


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules_of(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The dotted names that an import may load: of `from a import b` both a and a.b."""
    if isinstance(statement, ast.Import):
        yield from (each.name for each in statement.names)
    else:
        assert statement.level == 0, "imports are absolute"
        yield statement.module or ""
        yield from (f"{statement.module}.{each.name}" for each in statement.names)


def imports(tree: ast.AST) -> set[str]:
    """Every name that is imported anywhere in a tree."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {name for node in found for name in modules_of(node)}


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of these packages or lies in one."""
    return any(name == each or name.startswith(each + ".") for each in packages)


def dotted(node: ast.expr) -> str:
    """The name that is called: "torch.load"; empty for anything that is no plain name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in a tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def every(*groups: list[Path]) -> pytest.MarkDecorator:
    """One test for each file."""
    paths = [path for group in groups for path in group]
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


@every(PLAYER)
def test_packages_are_imported_only_where_they_belong(path: Path) -> None:
    packages = {name.split(".")[0] for name in imports(parsed(path))}
    strays = {package for package in packages & ALLOWED.keys() if not within(name_of(path), ALLOWED[package])}
    assert not strays
    assert not packages & FORBIDDEN


@every(PLAYER)
def test_nothing_runs_code_that_comes_from_a_file(path: Path) -> None:
    assert not {dotted(call.func) for call in calls(parsed(path))} & CALLS


@every(PLAYER)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    uses = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute) and node.attr == "environ"]
    assert not uses or name_of(path) == "dreamplay.system"


@every(TRAINING)
def test_training_knows_nothing_of_playing(path: Path) -> None:
    playing = tuple(f"dreamplay.{name}" for name in PLAYING)
    assert not {name for name in imports(parsed(path)) if within(name, playing)}


def test_modules_import_each_other_in_one_direction() -> None:
    known = {name_of(path) for path in [*PLAYER, *TRAINING]}
    graph = {}
    for path in [*PLAYER, *TRAINING]:
        top = [node for node in parsed(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        graph[name_of(path)] = {name for node in top for name in modules_of(node)} & known - {name_of(path)}
    TopologicalSorter(graph).prepare()  # raises CycleError


@every(PLAYER, TRAINING)
def test_a_module_says_what_it_is_about(path: Path) -> None:
    assert ast.get_docstring(parsed(path))


@every(PLAYER, TRAINING)
def test_public_names_are_documented(path: Path) -> None:
    undocumented = [
        node.name
        for node in parsed(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not undocumented


@every(PLAYER, TRAINING)
def test_modules_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_MODULE
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert not {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION}


@every(PLAYER, TRAINING)
def test_nothing_happens_at_import(path: Path) -> None:
    for node in parsed(path).body:
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
        elif isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), "a docstring"
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            roots = {dotted(call.func).split(".")[0] for call in calls(node)}
            assert not roots & SIDE_EFFECTS
        else:
            assert isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
