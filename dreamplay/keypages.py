"""The pages of the menu that give buttons and commands other keys. A key that is taken is refused with its owner."""

from functools import partial

from dreamplay import games
from dreamplay.controls import PAD
from dreamplay.errors import UnknownNameError, UsageError
from dreamplay.hotkeys import HELD, TITLES, Command, Hotkey, bound, label, parse
from dreamplay.menu import Menu, Page, Row, is_modifier
from dreamplay.preferences import Preferences
from dreamplay.world import GameSpec

_HINT = "Enter: another key    Right: one more    Left: one less    Esc: back"
_PROMPT = "Press a key or a pad's button for '{}' now (Esc: leave it)"


def controls(menu: Menu, preferences: Preferences, game: GameSpec) -> Page:
    """The page of a game's buttons, and the way to those of the hotkeys and the holds."""
    actions = games.actions(game.name)
    hotkeys = Page("Hotkeys", lambda: [_hotkey(menu, preferences, game, command) for command in TITLES])
    holds = Page("Hold, or press once", lambda: _holds(preferences, game))

    def reset() -> None:
        preferences.reset_bindings(game.name)
        menu.say("All keys are the usual ones again")

    def rows() -> list[Row]:
        buttons = [_button(menu, preferences, game, button, actions.get(button, button)) for button in game.buttons]
        return [
            *buttons,
            Row("Hotkeys", "...", partial(menu.go, hotkeys)),
            Row("Hold, or press once", "...", partial(menu.go, holds), hint="For hands that cannot hold a key long."),
            Row("The usual keys", "", reset, hint="Takes back every change of keys, pads and hotkeys."),
        ]

    return Page("Controls", rows)


def own(preferences: Preferences, game: GameSpec) -> GameSpec:
    """The game with the user's own keys, or the usual ones where those mean nothing."""
    try:
        return preferences.own(game)
    except UnknownNameError:
        return game


def _button(menu: Menu, preferences: Preferences, game: GameSpec, button: str, does: str) -> Row:
    mine = own(preferences, game)
    keys, pad = mine.keys.get(button, ()), mine.pad.get(button, ())
    value = f"{' or '.join(map(label, keys)) or 'no key'}  /  pad: {' or '.join(map(label, pad)) or 'nothing'}"
    prompt = _PROMPT.format(does)

    def turn(step: int) -> None:
        if step > 0:
            menu.listen(prompt, partial(_bind, menu, preferences, game, button, more=True))
        elif len(keys) > 1:
            preferences.bind_key(game.name, button, keys[:-1])

    return Row(
        does if does == button else f"{button}: {does}",
        value,
        lambda: menu.listen(prompt, partial(_bind, menu, preferences, game, button, more=False)),
        turn,
        _HINT,
    )


def _bind(menu: Menu, preferences: Preferences, game: GameSpec, button: str, heard: str, *, more: bool) -> None:
    mine = own(preferences, game)
    on_pad = heard.startswith(PAD)
    name = heard.removeprefix(PAD) if on_pad else heard.rpartition("+")[2]
    if not name:
        raise UsageError("this key has no name here: choose another one")
    if on_pad and name == "guide":
        raise UsageError("the pad's Guide stays with the menu: choose another one")
    table = mine.pad if on_pad else mine.keys
    owner = next((each for each, names in table.items() if name in names and each != button), None)
    if owner is not None:
        raise UsageError(f"{label(name)} is '{owner}' already: give '{owner}' another one first")
    old = tuple(each for each in table.get(button, ()) if each != name) if more else ()
    (preferences.bind_pad if on_pad else preferences.bind_key)(game.name, button, (*old, name))
    lost = [] if on_pad else [each for each in _bound(preferences) if (each.key, each.modifier) == (name, "")]
    sentence = f"{label(name)} is '{button}' now"
    menu.say(f"{sentence}, no longer '{TITLES[lost[0].command]}'" if lost else sentence)


def _hotkey(menu: Menu, preferences: Preferences, game: GameSpec, command: Command) -> Row:
    keys = [str(each) for each in _bound(preferences) if each.command is command]
    taken = {label(key) for names in own(preferences, game).keys.values() for key in names}
    free = [key for key in keys if key not in taken]

    def hear(heard: str) -> None:
        if is_modifier(heard):
            listen()
        else:
            _bind_hotkey(menu, preferences, game, command, heard)

    def listen() -> None:
        menu.listen(f"Press the key for '{TITLES[command]}' now (Esc: leave it)", hear)

    return Row(_begun(TITLES[command]), " or ".join(free) or "no key", listen)


def _bind_hotkey(menu: Menu, preferences: Preferences, game: GameSpec, command: Command, heard: str) -> None:
    if heard.startswith(PAD):
        raise UsageError("hotkeys are keys of the keyboard: press one of those")
    hotkey = parse(heard, command)
    buttons = {key: button for button, keys in own(preferences, game).keys.items() for key in keys}
    if not hotkey.modifier and hotkey.key in buttons:
        raise UsageError(f"{hotkey} is '{buttons[hotkey.key]}' of the game: choose another one")
    same = [each for each in _bound(preferences) if (each.key, each.modifier) == (hotkey.key, hotkey.modifier)]
    if same and same[0].command is not command:
        raise UsageError(f"{hotkey} is '{TITLES[same[0].command]}' already: give that another one first")
    preferences.bind_hotkey(command.name.lower(), (heard,))
    menu.say(f"{hotkey} is '{TITLES[command]}' now")


def _bound(preferences: Preferences) -> tuple[Hotkey, ...]:
    try:
        return preferences.hotkeys()
    except UnknownNameError:
        return bound({})


def _holds(preferences: Preferences, game: GameSpec) -> list[Row]:
    opposed = {button for pair in game.opposites for button in pair}
    titles = {command.name.lower(): TITLES[command].removesuffix(" (hold)") for command in sorted(HELD, key=str)}
    actions = games.actions(game.name)
    titles |= {button: actions.get(button, button) for button in game.buttons if button not in opposed}
    return [_hold(preferences, name, title) for name, title in titles.items()]


def _begun(sentence: str) -> str:
    """The sentence with a capital letter; "GIF" keeps its own."""
    return sentence[:1].upper() + sentence[1:]


def _hold(preferences: Preferences, name: str, title: str) -> Row:
    toggles = preferences.bindings.toggles

    def change() -> None:
        preferences.toggle(tuple(each for each in toggles if each != name) if name in toggles else (*toggles, name))

    return Row(_begun(title), "press once" if name in toggles else "hold", change)
