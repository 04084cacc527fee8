// SPDX-License-Identifier: GPL-2.0-or-later
//
// Switches and selectors: debouncing, and since when they are what they are. Nothing of Arduino's is used here.

#pragma once

#include <stdint.h>

// A contact that has not changed for SETTLED_MS bounces no more. One that goes on for CHATTER_MS has a bad
// contact or a loose wire. A guard that is open QUICK_MS after it first opened is open.
constexpr uint16_t SETTLED_MS = 5, CHATTER_MS = 50, QUICK_MS = 2;

// So long a switch is shown before it may change back, so that a few lost lines hide no press.
constexpr uint16_t SHOWN_MS = 100;

// SELECTOR: 1 of n contacts. BUTTON: one contact. GUARD: one contact whose opening makes things safer (E-stop,
// enabling button), and waits for nothing.
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
  bool unsettled = false;  // since firstMs; where the wheel stood then is `place`
  bool held = false;       // it may not change back yet
  uint16_t firstMs = 0, rawMs = 0, shownMs = 0;
  uint16_t place = 0;
  uint8_t number = 0;      // of its being unsettled, in the order in which contacts became so

  // Takes what the contacts are now.
  void saw(uint8_t value, uint16_t wheel, uint16_t now) {
    if (held && elapsed(now, shownMs) >= SHOWN_MS) {
      held = false;
      if (unsettled) begins(wheel, now);
    }
    if (value == raw) return;
    raw = value;
    rawMs = now;
    if (!unsettled) begins(wheel, now);
  }

  // Buttons say nothing of where a detent belongs; and a switch that must not change yet changes later.
  bool holdsWheel() const { return unsettled && kind != BUTTON && !held; }

  // Tells whether it became unsettled before another one.
  bool isBefore(const Contact &other) const { return static_cast<int8_t>(number - other.number) < 0; }

  bool isStill(uint16_t now) const { return elapsed(now, rawMs) >= SETTLED_MS; }

  // A guard that opens is not kept waiting by anything.
  bool isUrgent(uint16_t now) const {
    return unsettled && kind == GUARD && shown != 0 && raw == 0 && elapsed(now, firstMs) >= QUICK_MS;
  }

  // Tells whether it has become something else, which then is `next`.
  bool hasChanged(uint16_t now, uint8_t &next) {
    if (!unsettled) return false;
    next = raw;
    if (isUrgent(now)) return true;
    if (held) return false;
    if (!isStill(now)) {
      if (elapsed(now, firstMs) < CHATTER_MS) return false;
      next = chattering();
    }
    if (next == shown) unsettled = false;
    return next != shown;
  }

  void show(uint8_t next, uint16_t now) {
    shown = next;
    shownMs = now;
    unsettled = false;
    held = kind == BUTTON || (kind == GUARD && next == 0);
  }

  // At the start: so it is, and this is no change.
  void settle(uint16_t now) {
    shown = isStill(now) ? raw : chattering();
    unsettled = held = false;
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

  void begins(uint16_t wheel, uint16_t now) {
    static uint8_t last = 0;
    number = ++last;
    unsettled = true;
    firstMs = now;
    place = wheel;
  }

  static uint16_t elapsed(uint16_t now, uint16_t since) { return now - since; }
};
