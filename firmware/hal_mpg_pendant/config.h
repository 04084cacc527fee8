// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is wired where. The pins are those of the table in firmware/README.md, for an Uno, a Nano or a Mega;
// on other boards put in other numbers. Each contact lies between its pin and GND.

#pragma once

// The wheel. Both pins need an interrupt: 2 and 3 have one on an Uno and a Nano, 2, 3, 18 to 21 on a Mega,
// nearly all on ESP32 and RP2040. If the wheel counts backwards, exchange the two.
#define WHEEL_A_PIN 2
#define WHEEL_B_PIN 3

// Quadrature counts (edges of A and B) from one detent to the next: 4 for a wheel of 100 pulses and 100
// detents. There are wheels with 2 or 1.
#ifndef COUNTS_PER_DETENT
#define COUNTS_PER_DETENT 4
#endif

// The axis selector: LinuxCNC's letters and their pins, in the same order. Where the last positions are not
// there, shorten both lines.
#define AXES "xyzabc"
#define AXIS_PINS {4, 5, 6, 7, 8, 9}

// The scale selector. Where there is none, make both lines comments.
#define SCALES "x1,x10,x100"
#define SCALE_PINS {10, 11, 12}

// The E-stop's normally closed contact; the enabling button, which closes. What is not there: a comment.
#define ESTOP_PIN A0
#define ENABLE_PIN A1
// #define RESET_PIN A2

// Further buttons; each is a pin of HAL, button.NAME.
// #define BUTTONS "home,go"
// #define BUTTON_PINS {A2, A3}

// Lamps, lit by a high level; each is a pin of HAL, led.NAME. 13 is the board's own lamp, too.
#define LAMPS "ready"
#define LAMP_PINS {13}

// What a closed contact reads as. LOW with the pull-up resistors, as in the wiring table.
#define CLOSED LOW
#define CONTACT_MODE INPUT_PULLUP

// For people; 1 to 32 characters, no comma.
#define PENDANT_NAME "hal_mpg pendant"

#define PENDANT_PORT Serial
#define PENDANT_BAUD 115200
