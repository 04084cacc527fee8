// SPDX-License-Identifier: GPL-2.0-or-later
//
// Switches and selectors: debouncing, and since when they are what they are. Nothing of Arduino's is used
// here.

#pragma once

#include <stdint.h>

#include "clock.h"

// A contact that has not changed for so long (SETTLED) bounces no more. One that goes on for so long
// (CHATTER) has a bad contact or a loose wire. A guard that is open so long after it first opened (QUICK) is
// open.
constexpr Ticks SETTLED = fromMs(5), CHATTER = fromMs(50), QUICK = fromMs(2);

// So long a switch is shown before it may change back, so that a few lost lines hide no press.
constexpr Ticks SHOWN = fromMs(100);

// SELECTOR: 1 of n contacts. BUTTON: one contact. GUARD: one contact whose opening makes things safer
// (E-stop, enabling button), and waits for nothing.
enum Kind : uint8_t { SELECTOR, BUTTON, GUARD };

// One switch or selector: `shown` is what the state lines say of it; a bit for each contact, 1: closed.
//
// When a contact changes, that is not believed at once, but it is noted where the wheel stood then. So each
// detent belongs to the switches as they were at its instant, not as they were when the bouncing was over.
// Until it is clear what the contact does, no line tells of detents beyond that place (`holdsWheel`).
struct Contact {
  Kind kind = BUTTON;
  uint8_t shown = 0;
  uint8_t raw = 0;
  bool unsettled = false;  // since firstAt; where the wheel stood then is `place`
  bool chatters = false;   // it did not come to rest in time, and has not yet
  bool held = false;       // it may not change back yet
  Ticks firstAt = 0, rawAt = 0, shownAt = 0;
  uint16_t place = 0;
  uint8_t number = 0;      // of its being unsettled, in the order in which contacts became so

  // Takes what the contacts are now.
  void saw(uint8_t value, uint16_t wheel, Ticks now) {
    if (held && elapsed(now, shownAt) >= SHOWN) {
      held = false;
      if (unsettled) begins(wheel, now);
    }
    if (value == raw) return;
    raw = value;
    rawAt = now;
    if (!unsettled) begins(wheel, now);
  }

  // Buttons say nothing of where a detent belongs; a switch that must not change yet changes later; and for a
  // bad contact the wheel does not wait time and again.
  bool holdsWheel() const { return unsettled && kind != BUTTON && !held && !chatters; }

  // Tells whether it became unsettled before another one.
  bool isBefore(const Contact &other) const { return static_cast<int8_t>(number - other.number) < 0; }

  bool isStill(Ticks now) const { return elapsed(now, rawAt) >= SETTLED; }

  // A guard that opens is not kept waiting by anything.
  bool isUrgent(Ticks now) const {
    return unsettled && kind == GUARD && shown != 0 && raw == 0 && elapsed(now, firstAt) >= QUICK;
  }

  // Tells whether it has become something else, which then is `next`.
  bool hasChanged(Ticks now, uint8_t &next) {
    if (!unsettled) return false;
    next = raw;
    if (isUrgent(now)) return true;
    if (held) return false;
    if (isStill(now)) {
      chatters = false;
    } else {
      if (elapsed(now, firstAt) < CHATTER) return false;
      next = chattering();
      chatters = true;
    }
    if (next == shown) unsettled = chatters;
    return next != shown;
  }

  void show(uint8_t next, Ticks now) {
    shown = next;
    shownAt = now;
    unsettled = chatters;  // when it comes to rest, that is to be seen
    held = kind == BUTTON || (kind == GUARD && next == 0);
  }

  // At the start: so it is, and this is no change.
  void settle(Ticks now) {
    unsettled = chatters = !isStill(now);
    shown = chatters ? chattering() : raw;
    held = false;
  }

  // The position of a selector: 1 for the first contact; 0: none, 15: more than one.
  uint8_t position() const {
    uint8_t found = 0;
    for (uint8_t i = 0; i < 8; ++i) {
      if (shown & (1 << i)) found = found == 0 ? i + 1 : FAULT;
    }
    return found;
  }

 private:
  static constexpr uint8_t FAULT = 15;

  // What a contact counts as that does not come to rest: open, and a selector's as a fault.
  uint8_t chattering() const { return kind == SELECTOR ? 0xFF : 0; }

  void begins(uint16_t wheel, Ticks now) {
    static uint8_t last = 0;
    number = ++last;
    unsettled = true;
    firstAt = now;
    place = wheel;
  }
};
