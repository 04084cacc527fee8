# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps in which E-stop, buttons and lamps are learned."""

from __future__ import annotations

from hal_mpg.events import EV_LED
from hal_mpg.learn.acts import SKIP, Act, Person
from hal_mpg.learn.confirm import is_yes
from hal_mpg.learn.draft import Draft
from hal_mpg.learn.names import name_of
from hal_mpg.learn.switches import Contact, let_go_of, recognize_button, recognize_estop
from hal_mpg.profile import Code
from hal_mpg.profile_yaml import PIN_NAME

OUT = f"Release the E-stop button (turn it, or pull it), so that it is out. ({SKIP}: it has none)"
PRESS = "Press the E-stop button and leave it pressed."
RELEASE = "Release the E-stop button (turn it, or pull it)."
IS_OUT = "The E-stop button is out now, not pressed in: is that right? Enter: yes. n: no, it is pressed in"
LOSS = (
    "Shall it be an E-stop when the pendant is lost, because it is unplugged, say? Enter: yes. "
    "n: no, then unplugging it stops nothing"
)
RESET = f"Press the reset button once. ({SKIP}: it has none)"
ENABLE = f"Hold the enabling (dead-man) button, and press Enter meanwhile. ({SKIP}: it has none)"
LET_GO = "Let go of it."
FURTHER = f"Press a further button once. ({SKIP}: there is none that you need)"
MORE = f"Press the next button once. ({SKIP}: no more)"


def learn_estop(person: Person, draft: Draft) -> None:
    """Learn the E-stop's contact, normally closed or normally open."""
    draft.estop = None
    draft.notes.pop("estop", None)
    taken = draft.taken("estop")
    while True:
        answer, _ = person.do(Act("release", "estop", OUT), (SKIP,))
        if answer == SKIP:
            draft.loss_stops = is_yes(person, LOSS)
            return
        contact = _contact(person, taken)
        if is_yes(person, IS_OUT):
            break
        person.say("Then it was pressed and released the other way round. Once more.", indent="  ")
    draft.estop = contact.estop
    if contact.note:
        draft.notes["estop"] = contact.note
        person.say(contact.note, indent="  ")


def _contact(person: Person, taken: frozenset[Code]) -> Contact:
    """Have the E-stop pressed and released until it is clear which contact it is."""
    while True:
        _, pressed = person.do(Act("press", "estop", PRESS))
        _, released = person.do(Act("release", "estop", RELEASE))
        contact = recognize_estop(pressed, released, taken)
        if contact.estop:
            return contact
        person.say(f"{contact.trouble} Once more.", indent="  ")


def learn_reset(person: Person, draft: Draft) -> None:
    """Learn the button that resets the E-stop chain."""
    draft.reset = None
    draft.reset = _button(person, Act("tap", "reset", RESET), draft.taken("reset"))


def learn_enable(person: Person, draft: Draft) -> None:
    """Learn the enabling button: held, and let go."""
    draft.enable = None
    draft.notes.pop("enable", None)
    taken = draft.taken("enable")
    while True:
        answer, held = person.do(Act("hold", "enable", ENABLE), (SKIP,))
        if answer == SKIP:
            return
        button = recognize_button(held, taken)
        if button.key is None and not held.after.keys:
            person.say(f"{button.trouble} Once more.", indent="  ")
            continue
        _, after = person.do(Act("let-go", "enable", LET_GO))
        # It may have been held all the time: some pendants send nothing without it.
        key = button.key or let_go_of(held, after, taken)
        if key is None:
            person.say(f"{button.trouble} Once more.", indent="  ")
        elif key.number in after.after.keys:
            person.say(
                f"{name_of(key)} stays pressed when you let go: a switch that latches enables nothing "
                f"safely. Use another one, or say {SKIP}.",
                indent="  ",
            )
        else:
            draft.enable = key
            return


def _button(person: Person, act: Act, taken: frozenset[Code]) -> Code | None:
    """Have one button pressed until it is clear which it is; None: there is none."""
    while True:
        answer, heard = person.do(act, (SKIP,))
        if answer == SKIP:
            return None
        button = recognize_button(heard, taken)
        if button.key:
            return button.key
        person.say(f"{button.trouble} Once more.", indent="  ")


def learn_buttons(person: Person, draft: Draft) -> None:
    """Learn further buttons, each with a name."""
    draft.buttons = {}
    while True:
        number = len(draft.buttons) + 1
        act = Act("tap", f"button {number}", MORE if draft.buttons else FURTHER)
        key = _button(person, act, draft.taken())
        if key is None:
            return
        question = f"{name_of(key)}. What is it for? (it becomes the pin button.NAME)"
        draft.buttons[_name(person, question, f"button-{number}", draft.buttons)] = key


def learn_lamps(person: Person, draft: Draft) -> None:
    """Light one lamp after the other, and ask what each is for."""
    draft.leds = {}
    for lamp in person.lamps():
        code = Code(EV_LED, lamp)
        trouble = person.light(lamp, True)
        if trouble:
            person.say(f"The lamp {name_of(code)} cannot be switched: {trouble}.", indent="  ")
            continue
        question = f"Is a lamp lit now? Then what is it for? (the pin led.NAME; {SKIP}: none is lit)"
        try:
            name = _name(person, question, SKIP, draft.leds)
        finally:
            person.light(lamp, False)
        if name != SKIP:
            draft.leds[name] = code


def _name(person: Person, question: str, default: str, others: dict[str, Code]) -> str:
    """Ask for a name that a pin can have, and that nothing has yet."""
    while True:
        name = person.ask(question, default).lower().replace(" ", "-").replace("_", "-")
        if name in others:
            person.say(f"{name} is there already. Another name, please.", indent="  ")
        elif PIN_NAME.fullmatch(name):
            return name
        else:
            person.say("Use a-z, 0-9 and -, 20 characters at most, such as home or macro-1.", indent="  ")
