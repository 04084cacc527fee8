// SPDX-License-Identifier: GPL-2.0-or-later
//
// What differs from one family of boards to another: the watchdog, and a number that differs at each start.
// A family that is not known here works, too, without a watchdog.

#pragma once

#include <Arduino.h>

#ifndef IRAM_ATTR  // where an interrupt's function has to be in RAM, the core says so by this word
#define IRAM_ATTR
#endif

#if defined(__AVR__)

#include <avr/eeprom.h>
#include <avr/wdt.h>

inline void startWatchdog() { wdt_enable(WDTO_250MS); }
inline void feedWatchdog() { wdt_reset(); }

// The upper byte counts, in the EEPROM, how often the power came; the lower one, in memory that a reset
// leaves as it is, the resets since then. So a board that resets itself all the time does not wear the EEPROM
// out.
inline uint16_t bootNumber() {
  static uint8_t *const STARTS = nullptr;  // the EEPROM's first byte
  static struct {
    uint16_t mark;
    uint8_t starts, resets;
  } kept __attribute__((section(".noinit")));
  constexpr uint16_t MARK = 0x6D70;
  if (kept.mark == MARK && kept.starts == eeprom_read_byte(STARTS) && kept.resets != 255) {
    ++kept.resets;
  } else {
    kept.mark = MARK;
    kept.starts = eeprom_read_byte(STARTS) + 1;
    kept.resets = 0;
    eeprom_write_byte(STARTS, kept.starts);
  }
  return static_cast<uint16_t>(kept.starts) << 8 | kept.resets;
}

#elif defined(ARDUINO_ARCH_ESP32)

// Its shortest time is that of the core's settings, 5 s; hal_mpg notices after 0.15 s that no lines come.
inline void startWatchdog() { enableLoopWDT(); }
inline void feedWatchdog() { feedLoopWDT(); }
inline uint16_t bootNumber() { return static_cast<uint16_t>(esp_random()); }

#elif defined(ARDUINO_ARCH_RP2040) && !defined(ARDUINO_ARCH_MBED)

inline void startWatchdog() { rp2040.wdt_begin(250); }
inline void feedWatchdog() { rp2040.wdt_reset(); }
inline uint16_t bootNumber() { return static_cast<uint16_t>(rp2040.hwrand32()); }

#else

inline void startWatchdog() {}
inline void feedWatchdog() {}

// The noise of an analog input, and how long reading it takes.
inline uint16_t bootNumber() {
  uint16_t number = 1;
  for (uint8_t i = 0; i < 64; ++i) number = static_cast<uint16_t>(number * 31u + analogRead(A0) + micros());
  return number;
}

#endif
