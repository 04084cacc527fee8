/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An AVR board without a board: simavr runs the firmware, a script moves the levels of its pins, and its
 * serial port is a pseudo-terminal.
 *
 *   board FIRMWARE.elf MCU RECORD [SCRIPT | --live SOCKET LINK]
 *
 * A SCRIPT is played in simulated time alone: the same script gives the same record, to the cycle. With
 * --live, script lines come from a Unix socket as they are wanted, simulated time never runs ahead of the
 * clock, and LINK is a symbolic link to the pseudo-terminal. Where the computer is too slow, simulated time
 * stands back and is not made up for: a reader sees a slow pendant, never one in a hurry.
 *
 * Script lines: DELAY_US ACT, the delay counted from the act before:
 *   PD2 0        a level on a pin         watch PB5    record the levels that the firmware gives to a pin
 *   mark WORD    into the record (and back over the socket)
 *   send TEXT    a line to the firmware   bytes HEX    bytes to the firmware
 *   reset        the reset button         power        off and on: memory is lost, the EEPROM is not
 *   hang         the program runs away, into an endless loop with interrupts off
 *   unplug, plug the pseudo-terminal goes, and comes back (with --live)
 *   stats        over the socket: how long simulated time stood back in all, and at once at most (us)
 *   end          the end
 * RECORD (a file, or -): TIME_US KIND TEXT; `line` is one of the firmware's, `cut` a part of one that a
 * reset put an end to; `pin`, `mark`, `reset`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

enum { HZ = 16000000, US = HZ / 1000000, PUMP = 500 * US, BYTE = 10 * (HZ / 115200), PORTS = 12 };

static avr_t *avr;
static FILE *record_file, *script, *client;
static int listener = -1, master = -1, client_fd = -1, ended;
static const char *link_path;
static char incoming[1 << 16];
static size_t incoming_length;
static uint64_t before_reset, last_cycle, command_at, next_command_us;
static char command[4096];
static int has_command;
static void (*between_instructions)(void), (*core_reset)(avr_t *);
static int was_reset;
static uint8_t driven[PORTS], levels[PORTS];
static uint8_t to_firmware[1 << 16];
static uint16_t to_head, to_tail;
static uint64_t stood_back_us, stood_back_most_us;
static char out_line[512];
static size_t out_length;

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "board: %s %s\n", what, detail);
    exit(1);
}

static uint64_t cycles(void) { return before_reset + avr->cycle; }

static void record(const char *kind, const char *text) {
    fprintf(record_file, "%.3f %s %s\n", (double)cycles() / US, kind, text);
}

static void answer(const char *kind, const char *text) {
    if (!client) return;
    fprintf(client, "%.3f %s %s\n", (double)cycles() / US, kind, text);
    fflush(client);
}

/* Pins */

static void raise_pin(int port, int bit) {
    avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('A' + port), bit);
    uint32_t level = levels[port] >> bit & 1;
    irq->value = !level; /* or simavr passes over what is not new to it, though a reset cleared the register */
    avr_raise_irq(irq, level);
}

static void drive(const char *pin, int level) {
    int port = pin[1] - 'A', bit = pin[2] - '0';
    if (pin[0] != 'P' || port < 0 || port >= PORTS || bit < 0 || bit > 7 || pin[3]) fail("no such pin:", pin);
    driven[port] |= 1 << bit;
    levels[port] = (levels[port] & ~(1 << bit)) | level << bit;
    avr_ioport_external_t external = {.name = 'A' + port, .mask = driven[port], .value = levels[port]};
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('A' + port), &external);
    raise_pin(port, bit);
}

static void pin_written(struct avr_irq_t *irq, uint32_t value, void *name) {
    (void)irq;
    char text[16];
    snprintf(text, sizeof text, "%.3s %u", (const char *)name, (unsigned)(value & 1));
    record("pin", text);
}

static void watch(const char *pin) {
    avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(pin[1]), pin[2] - '0');
    if (!irq) fail("no such pin:", pin);
    avr_irq_register_notify(irq, pin_written, strdup(pin));
}

/* The serial port */

static void said(const char *kind) {
    out_line[out_length] = 0;
    if (out_length) record(kind, out_line);
    out_length = 0;
}

static void firmware_sent(struct avr_irq_t *irq, uint32_t value, void *unused) {
    (void)irq, (void)unused;
    uint8_t byte = value;
    if (byte == '\n' || out_length >= sizeof out_line - 5) {
        said("line");
    } else if (byte >= ' ' && byte <= '~' && byte != '\\') {
        out_line[out_length++] = byte;
    } else {
        out_length += sprintf(out_line + out_length, "\\x%02X", byte);
    }
    if (master < 0) return;
    /* Where nobody has the port open, what is sent is gone, as with a real one. */
    struct pollfd open_end = {.fd = master};
    if (poll(&open_end, 1, 0) < 0 || open_end.revents & POLLHUP) return;
    if (write(master, &byte, 1) < 0 && errno != EAGAIN && errno != EIO)
        fail("pseudo-terminal:", strerror(errno));
}

static void give(const void *bytes, size_t count) {
    for (const uint8_t *byte = bytes; count--; byte++) to_firmware[to_head++] = *byte;
}

static avr_cycle_count_t receive_byte(avr_t *unused, avr_cycle_count_t when, void *param) {
    (void)unused, (void)param;
    if (to_head != to_tail)
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), to_firmware[to_tail++]);
    return when + BYTE;
}

static void plug(void) {
    master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) || unlockpt(master)) fail("pseudo-terminal:", strerror(errno));
    /* Opened once: for raw mode, and so that it is told from now on whether anybody has it open. */
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios raw;
    if (slave < 0 || tcgetattr(slave, &raw)) fail("pseudo-terminal:", strerror(errno));
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    char new_path[4096];
    snprintf(new_path, sizeof new_path, "%s.new", link_path);
    unlink(new_path);
    if (symlink(ptsname(master), new_path) || rename(new_path, link_path)) fail(link_path, strerror(errno));
}

static void unplug(void) {
    unlink(link_path);
    close(master);
    master = -1;
}

/* Resets */

static void noted_reset(avr_t *unused) { /* whoever asked for it: the script, or the watchdog */
    was_reset = 1;
    if (core_reset) core_reset(unused);
}

static void restart(void) { avr_reset(avr); }

static void power(void) {
    static uint32_t noise = 1;
    for (uint32_t i = avr->ioend + 1u; i <= avr->ramend; i++) avr->data[i] = (noise = noise * 69069 + 5) >> 16;
    restart();
}

static void hang(void) { /* to avr-libc's _exit: cli, and then a jump to itself */
    for (uint32_t pc = 0; pc + 3 < avr->flashend; pc += 2) {
        const uint8_t *code = avr->flash + pc;
        if (code[0] == 0xF8 && code[1] == 0x94 && code[2] == 0xFF && code[3] == 0xCF) {
            avr->pc = pc;
            return;
        }
    }
    fail("no endless loop in the firmware", "");
}

/* Commands */

static void act(char *what) {
    char *text = what + strcspn(what, " ");
    if (*text) *text++ = 0;
    if (what[0] == 'P' && what[1] && what[2]) drive(what, *text == '1');
    else if (!strcmp(what, "watch")) watch(text);
    else if (!strcmp(what, "mark")) record("mark", text), answer("mark", text);
    else if (!strcmp(what, "send")) give(text, strlen(text)), give("\n", 1);
    else if (!strcmp(what, "bytes"))
        for (unsigned byte; sscanf(text, "%2x", &byte) == 1; text += 2) give(&(uint8_t){byte}, 1);
    else if (!strcmp(what, "reset")) between_instructions = restart;
    else if (!strcmp(what, "power")) between_instructions = power;
    else if (!strcmp(what, "hang")) between_instructions = hang;
    else if (!strcmp(what, "plug") && link_path) plug();
    else if (!strcmp(what, "unplug") && link_path) unplug();
    else if (!strcmp(what, "stats")) {
        char stats[80];
        snprintf(stats, sizeof stats, "%llu %llu", (unsigned long long)stood_back_us,
                 (unsigned long long)stood_back_most_us);
        answer("stats", stats);
    } else if (!strcmp(what, "end")) ended = 1;
    else fail("no such act:", what);
}

static int next_line(void) {
    if (script) {
        if (!fgets(command, sizeof command, script)) strcpy(command, "0 end");
    } else {
        char *end = memchr(incoming, '\n', incoming_length);
        size_t length = end ? (size_t)(end - incoming) + 1 : 0;
        if (!end || length >= sizeof command) return 0;
        memcpy(command, incoming, length);
        command[length] = 0;
        memmove(incoming, incoming + length, incoming_length -= length);
    }
    command[strcspn(command, "\n")] = 0;
    return 1;
}

static void play_due(void) {
    while (!ended && !between_instructions) {
        if (!has_command) {
            if (!next_line()) return;
            if (!*command || *command == '#') continue;
            if (!script && command_at < cycles()) command_at = cycles();
            char *rest;
            command_at += (uint64_t)(strtod(command, &rest) * US);
            if (rest == command || *rest != ' ') fail("not DELAY_US ACT:", command);
            memmove(command, rest + 1, strlen(rest));
            has_command = 1;
        }
        if (command_at > cycles()) return;
        has_command = 0;
        act(command);
    }
}

static avr_cycle_count_t play_timer(avr_t *unused, avr_cycle_count_t when, void *param);

static void arm_timers(void) {
    avr_cycle_timer_register(avr, 1, play_timer, NULL);
    avr_cycle_timer_register(avr, BYTE, receive_byte, NULL);
}

static void after_reset(void) {
    said("cut");
    record("reset", "");
    for (int port = 0; port < PORTS; port++)
        for (int bit = 0; bit < 8; bit++)
            if (driven[port] >> bit & 1) raise_pin(port, bit);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    arm_timers();
}

static avr_cycle_count_t play_timer(avr_t *unused, avr_cycle_count_t when, void *param) {
    (void)unused, (void)param;
    play_due();
    uint64_t wait = has_command ? command_at - cycles() : PUMP;
    return when + (wait && wait < PUMP ? wait : PUMP);
}

/* The world outside */

static uint64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static void keep_pace(void) {
    static uint64_t start_us;
    uint64_t simulated_us = cycles() / US, now_us = clock_us();
    if (!start_us) start_us = now_us - simulated_us;
    uint64_t due_us = start_us + simulated_us;
    if (due_us > now_us) {
        usleep(due_us - now_us);
    } else if (now_us - due_us > 2000) {
        uint64_t behind_us = now_us - due_us;
        start_us += behind_us;
        stood_back_us += behind_us;
        if (behind_us > stood_back_most_us) stood_back_most_us = behind_us;
    }
}

static void pump(void) {
    uint8_t bytes[256];
    ssize_t got = master < 0 ? -1 : read(master, bytes, sizeof bytes);
    if (got > 0) give(bytes, got);
    if (client_fd < 0 && (client_fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        client = fdopen(dup(client_fd), "w");
        incoming_length = 0;
    }
    if (client_fd < 0) return;
    size_t room = sizeof incoming - incoming_length;
    got = room ? read(client_fd, incoming + incoming_length, room) : -1;
    if (got > 0) incoming_length += got;
    if (got == 0 && room) {
        fclose(client);
        close(client_fd);
        client = NULL;
        client_fd = -1;
    }
}

static void listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1))
        fail(path, strerror(errno));
}

static void quiet(avr_t *unused, const int level, const char *format, va_list arguments) {
    (void)unused;
    if (level == LOG_ERROR) vfprintf(stderr, format, arguments);
}

int main(int count, char **arguments) {
    if (count != 5 && count != 7) fail("FIRMWARE.elf MCU RECORD", "[SCRIPT | --live SOCKET LINK]");
    avr_global_logger_set(quiet);
    signal(SIGPIPE, SIG_IGN);
    static elf_firmware_t firmware;
    if (elf_read_firmware(arguments[1], &firmware)) fail("not a firmware:", arguments[1]);
    avr = avr_make_mcu_by_name(arguments[2]);
    if (!avr) fail("simavr has no", arguments[2]);
    avr_init(avr);
    avr->frequency = HZ;
    avr_load_firmware(avr, &firmware);
    record_file = strcmp(arguments[3], "-") ? fopen(arguments[3], "w") : stdout;
    if (!record_file) fail(arguments[3], strerror(errno));
    if (count == 7) setvbuf(record_file, NULL, _IOLBF, 0);
    if (count == 5) {
        if (!(script = fopen(arguments[4], "r"))) fail(arguments[4], strerror(errno));
    } else {
        listen_at(arguments[5]);
        link_path = arguments[6];
        plug();
    }
    avr_irq_t *sent = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT);
    avr_irq_register_notify(sent, firmware_sent, NULL);
    core_reset = avr->reset;
    avr->reset = noted_reset;
    play_due(); /* what has no delay at the start is there before the firmware is */
    power();
    while (!ended) {
        last_cycle = avr->cycle;
        int state = avr_run(avr);
        if (between_instructions) {
            void (*change)(void) = between_instructions;
            between_instructions = NULL;
            change();
        }
        if (was_reset) {
            was_reset = 0;
            if (avr->cycle < last_cycle) before_reset += last_cycle;
            after_reset();
        }
        if (state == cpu_Crashed || state == cpu_Done) fail("the firmware", "crashed");
        if (link_path && cycles() >= next_command_us) {
            next_command_us = cycles() + PUMP;
            pump();
            keep_pace();
        }
    }
    fclose(record_file);
    return 0;
}
