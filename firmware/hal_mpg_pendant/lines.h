// SPDX-License-Identifier: GPL-2.0-or-later
//
// Lines of the hal_mpg line protocol (docs/serial-protocol.md): BODY*CCCC. Nothing of Arduino's is used here.

#pragma once

#include <stdint.h>

class Checksum {  // CRC-16/XMODEM
 public:
  void take(char c) {
    value_ ^= static_cast<uint16_t>(static_cast<uint8_t>(c)) << 8;
    for (uint8_t bit = 0; bit < 8; ++bit) {
      value_ = value_ & 0x8000 ? static_cast<uint16_t>(value_ << 1) ^ 0x1021 : value_ << 1;
    }
  }
  char digit(uint8_t place) const { return hexDigit(static_cast<uint8_t>(value_ >> (12 - 4 * place))); }
  static char hexDigit(uint8_t value) { return "0123456789ABCDEF"[value & 15]; }

 private:
  uint16_t value_ = 0;
};

// A line on its way out. It is written at once, and taken away byte by byte as the port has room.
class LineOut {
 public:
  static constexpr uint8_t MOST = 250;

  bool isGone() const { return next_ == length_; }
  char takeNext() { return text_[next_++]; }

  void begin() {
    next_ = length_ = 0;
    checksum_ = Checksum();
  }
  void text(const char *s) {
    while (*s) character(*s++);
  }
  void number(uint16_t n) {
    char digits[5];
    uint8_t count = 0;
    do digits[count++] = Checksum::hexDigit(static_cast<uint8_t>(n % 10));
    while (n /= 10);
    character(',');
    while (count) character(digits[--count]);
  }
  void hex(uint16_t n) {
    int8_t shift = 12;
    while (shift > 0 && !(n >> shift)) shift -= 4;
    character(',');
    for (; shift >= 0; shift -= 4) character(Checksum::hexDigit(static_cast<uint8_t>(n >> shift)));
  }
  void finish() {
    put('*');
    for (uint8_t place = 0; place < 4; ++place) put(checksum_.digit(place));
    end();
  }
  void end() { put('\n'); }

 private:
  void character(char c) {
    checksum_.take(c);
    put(c);
  }
  void put(char c) {
    if (length_ <= MOST) text_[length_++] = c;
  }

  char text_[MOST + 1];
  uint8_t next_ = 0, length_ = 0;
  Checksum checksum_;
};

// A line on its way in. What does not fit is discarded as a whole, up to the next LF.
class LineIn {
 public:
  // Takes a byte; tells whether it ends a good line, whose body is `body()` then.
  bool take(char c) {
    if (c != '\n') {
      if (length_ <= MOST) text_[length_++] = c;  // one more for the CR; beyond that it is too long
      return false;
    }
    uint8_t length = length_;
    length_ = 0;
    if (length && text_[length - 1] == '\r') --length;
    return length <= MOST && isGood(length);
  }
  const char *body() const { return text_; }

 private:
  static constexpr uint8_t MOST = 48;

  bool isGood(uint8_t length) {
    if (length < 6 || text_[length - 5] != '*') return false;
    const uint8_t end = length - 5;
    Checksum checksum;
    for (uint8_t i = 0; i < end; ++i) {
      if (text_[i] < ' ' || text_[i] > '~' || text_[i] == '*') return false;
      checksum.take(text_[i]);
    }
    for (uint8_t place = 0; place < 4; ++place) {
      if (text_[end + 1 + place] != checksum.digit(place)) return false;
    }
    text_[end] = '\0';
    return true;
  }

  char text_[MOST + 1];
  uint8_t length_ = 0;
};

// Reads the hexadecimal number that is all of `s`: upper case, no leading zeros, at most 4 digits.
inline bool readHex(const char *s, uint16_t &value) {
  value = 0;
  if (*s == '0') return s[1] == '\0';
  uint8_t digits = 0;
  for (; *s; ++s) {
    const bool isDigit = *s >= '0' && *s <= '9';
    if (++digits > 4 || !(isDigit || (*s >= 'A' && *s <= 'F'))) return false;
    value = value << 4 | (isDigit ? *s - '0' : *s - 'A' + 10);
  }
  return digits > 0;
}
