/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every Arduino core has, as its language reference says, and no more: where the sketch needs anything
 * of an AVR, it does not compile with this. Behind it is board.cpp.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { LOW, HIGH };
enum { INPUT, OUTPUT, INPUT_PULLUP };
enum { CHANGE = 4 };
static const uint8_t A0 = 26, A1 = 27, A2 = 28, A3 = 29;

int digitalRead(int pin);
void digitalWrite(int pin, int level);
void pinMode(int pin, int mode);
int analogRead(int pin);
int digitalPinToInterrupt(int pin);
void attachInterrupt(int number, void (*function)(), int mode);
void noInterrupts();
void interrupts();
unsigned long millis();
unsigned long micros();
void delay(unsigned long ms);

struct SerialPort {
    void begin(unsigned long baud);
    int available();
    int availableForWrite();
    int read();
    size_t write(uint8_t byte);
};
extern SerialPort Serial;
