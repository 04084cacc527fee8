// SPDX-License-Identifier: GPL-2.0-or-later
//
// From the levels of A and B to detents. Nothing of Arduino's is used here.

#pragma once

#include <stdint.h>

// Takes each state of A and B, all four edges of a cycle. A contact that bounces goes to and fro between two
// neighboring states, which adds up to nothing: so the wheel needs no other debouncing.
//
// A detent counts when the wheel has gone three quarters of the way to it (of 4 counts: 3), forwards and
// backwards. So a wheel that comes to rest right beside an edge, and trembles there, makes no detents; and
// where it rests, plus or minus one count, is always the same detent.
class Quadrature {
 public:
  // The wheel is at rest now, at these levels.
  void begin(bool a, bool b) { phase_ = phaseOf(a, b); }

  // Takes the levels after an edge; returns how many detents that makes, which is 0 for most.
  int8_t step(bool a, bool b) {
    const uint8_t phase = phaseOf(a, b);
    int8_t moved = (phase - phase_) & 3;
    phase_ = phase;
    if (moved == 0) return 0;
    if (moved == 2) {
      // Both at once: an edge was missed. The wheel goes on as it did when it last made two steps in a row.
      moved = 2 * direction_;
    } else {
      if (moved == 3) moved = -1;
      if (moved == last_) direction_ = moved;
      last_ = moved;
    }
    offset_ += moved;
    int8_t detents = 0;
    for (; offset_ >= THRESHOLD; offset_ -= COUNTS_PER_DETENT) ++detents;
    for (; offset_ <= -THRESHOLD; offset_ += COUNTS_PER_DETENT) --detents;
    if (detents != 0) hasTurned_ = true;
    return detents;
  }

  // Tells whether edges have come since the last time.
  bool hasMoved() {
    const bool moved = phase_ != seenPhase_ || offset_ != seenOffset_;
    seenPhase_ = phase_;
    seenOffset_ = offset_;
    return moved;
  }

  // To be told when the wheel has stood still for a second. Where it was not at rest at the start (a hand
  // on it, or a restart in the middle of a turn), it will now stand between two detents, as they are counted,
  // time and again at the same place. Then that is where it rests. No detent is made of it.
  void stands() {
    if (!hasTurned_) return;
    hasTurned_ = false;
    if (offset_ == 0 || offset_ != elsewhere_) {
      elsewhere_ = offset_;
      times_ = 0;
    } else if (++times_ == TIMES_ELSEWHERE) {
      offset_ = elsewhere_ = 0;
      times_ = 0;
    }
  }

 private:
  static constexpr int8_t THRESHOLD = COUNTS_PER_DETENT - COUNTS_PER_DETENT / 4;
  static constexpr uint8_t TIMES_ELSEWHERE = 10;

  // 0, 1, 2, 3 in the order of turning: A leads B.
  static uint8_t phaseOf(bool a, bool b) { return (b ? 2 : 0) | (a != b ? 1 : 0); }

  uint8_t phase_ = 0, seenPhase_ = 0;
  int8_t offset_ = 0, seenOffset_ = 0;  // counts beyond the detent that was counted last
  int8_t last_ = 0, direction_ = 1;
  int8_t elsewhere_ = 0;
  uint8_t times_ = 0;
  bool hasTurned_ = false;
};
