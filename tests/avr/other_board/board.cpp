/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sketch as a program of this machine: a board that is no AVR, with 32-bit numbers, and the sanitizers
 * looking on.
 *
 *   board SCRIPT      script and record as in ../board.c; acts: P<number> 0|1, mark, send, end, and
 *   stuck 0|1         1: nobody fetches what the port has, as with native USB and no program at the other end
 *
 * A pass of loop() takes 100 us. micros() begins 30 s before it wraps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deque>
#include <string>

#include "hal_mpg_pendant.ino"

static uint64_t now_us;
static const uint32_t START_US = 0u - 30000000u;
static int levels[64], modes[64];
static void (*interrupt_of[64])();
static bool is_stuck;
static double room_since_us;
static std::deque<uint8_t> to_sketch, from_sketch;
static std::string line;

SerialPort Serial;

int digitalRead(int pin) { return levels[pin]; }
void digitalWrite(int, int) {}
void pinMode(int pin, int mode) { modes[pin] = mode; }
int analogRead(int) { return 512; }
int digitalPinToInterrupt(int pin) { return pin; }
void attachInterrupt(int number, void (*function)(), int) { interrupt_of[number] = function; }
void noInterrupts() {}
void interrupts() {}
unsigned long micros() { return static_cast<uint32_t>(START_US + ++now_us); } /* a look takes a moment */
unsigned long millis() { return micros() / 1000; }
void delay(unsigned long ms) { now_us += ms * 1000; }

void SerialPort::begin(unsigned long) {}
int SerialPort::available() { return static_cast<int>(to_sketch.size()); }
int SerialPort::availableForWrite() { return 64 - static_cast<int>(from_sketch.size()); }
int SerialPort::read() {
    const int byte = to_sketch.front();
    to_sketch.pop_front();
    return byte;
}
size_t SerialPort::write(uint8_t byte) {
    if (from_sketch.size() >= 64) abort(); /* a real port would wait here */
    from_sketch.push_back(byte);
    return 1;
}

static void transmit() {
    const double now = static_cast<double>(now_us), byte_us = 86.8;
    for (; !is_stuck && !from_sketch.empty() && room_since_us + byte_us <= now; room_since_us += byte_us) {
        const char byte = static_cast<char>(from_sketch.front());
        from_sketch.pop_front();
        if (byte == '\n' && line.empty()) {
            continue;
        } else if (byte == '\n') {
            printf("%llu.0 line %s\n", static_cast<unsigned long long>(now_us), line.c_str());
            line.clear();
        } else {
            line += byte;
        }
    }
    if (from_sketch.empty() || is_stuck) room_since_us = now;
}

static void act(const char *what, const char *text) {
    if (what[0] == 'P') {
        const int pin = atoi(what + 1), level = atoi(text);
        const bool is_new = levels[pin] != level;
        levels[pin] = level;
        if (is_new && interrupt_of[pin]) interrupt_of[pin]();
    } else if (!strcmp(what, "mark")) {
        printf("%llu.0 mark %s\n", static_cast<unsigned long long>(now_us), text);
    } else if (!strcmp(what, "send")) {
        for (; *text; ++text) to_sketch.push_back(static_cast<uint8_t>(*text));
        to_sketch.push_back('\n');
    } else if (!strcmp(what, "stuck")) {
        is_stuck = *text == '1';
    } else {
        fprintf(stderr, "board: no such act: %s\n", what);
        exit(1);
    }
}

int main(int, char **arguments) {
    FILE *script = fopen(arguments[1], "r");
    char command[4096], what[64];
    double due_us = 0;
    bool is_running = false;
    for (int &level : levels) level = HIGH;
    while (script && fgets(command, sizeof command, script)) {
        command[strcspn(command, "\n")] = 0;
        double delay_us = 0;
        int text = 0;
        if (sscanf(command, "%lf %63s %n", &delay_us, what, &text) < 2) return 1;
        due_us += delay_us;
        while (static_cast<double>(now_us) < due_us) {
            if (!is_running) setup();
            is_running = true;
            now_us += 100;
            transmit();
            if (static_cast<double>(now_us) >= due_us) break;
            loop();
        }
        if (!strcmp(what, "end")) break;
        act(what, command + text);
    }
    return 0;
}
