// SPDX-License-Identifier: GPL-2.0-or-later
//
// Times. Arduino's millis() is too coarse here: on an AVR it stands for a millisecond, and jumps by two at
// times.

#pragma once

#include <stdint.h>

// A moment, in ticks of 128 us. Only differences mean something, up to 4 s.
using Ticks = uint16_t;

constexpr Ticks fromMs(uint32_t ms) { return static_cast<Ticks>((ms * 1000 + 127) >> 7); }
constexpr Ticks fromUs(uint32_t us) { return static_cast<Ticks>(us >> 7); }

inline Ticks elapsed(Ticks now, Ticks since) { return static_cast<Ticks>(now - since); }
