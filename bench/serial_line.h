/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stopwatch's pendant as a serial one: hal_mpg's line protocol (docs/serial-protocol.md) at a pseudo-terminal.
 *
 * Its switches are those of the evdev one: buttons 0 to 5 are the axis selector, 6 to 8 the scale, 9 the E-stop's
 * contact, 10 reset, 11 the enabling button.
 */
#include <pty.h>
#include <termios.h>

#define LINE_PRIORITY 60
#define WHEEL_GAP (5 * SECOND / 1000)
#define GREETING_GAP SECOND
#define GREETING "G,1,stopwatch,1,axis=xyzabc scale=x1,x10,x100 estop reset enable"

static int line = -1; /* where the pendant speaks; -1: it is no serial one */
static pthread_mutex_t line_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned wheel, told_wheel, mark, changes, sequence, axis_position, scale_position, switches;
static int64_t state_at, greeting_at, state_gap = SECOND / 50;
static int flipped; /* bytes of each 10000 */

static unsigned crc16(const char *body)
{
    unsigned crc = 0;

    for (; *body; body++) {
        crc ^= (unsigned)(unsigned char)*body << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xFFFF;
    }
    return crc;
}

static int say(const char *body)
{
    char whole[160];
    int length = snprintf(whole, sizeof whole, "%s*%04X\n", body, crc16(body));

    for (int i = 0; i < length; i++)
        if (flipped && lrand48() % 10000 < flipped)
            whole[i] ^= 1 << lrand48() % 8;
    return write(line, whole, length) == length;
}

static int say_state(int64_t at)
{
    char body[100];

    snprintf(body, sizeof body, "S,1,%u,%u,%u,%u,%u,%u,%X", sequence, wheel, mark, changes, axis_position,
             scale_position, switches);
    sequence = (sequence + 1) & 0xFF;
    state_at = at;
    told_wheel = wheel;
    return say(body);
}

/* Says what is due: the wheel 5 ms after the line before, the state every 20 ms, the greeting every second. */
static void *speak(void *unused)
{
    char heard[256];
    int64_t next = now();

    (void)unused;
    for (;;) {
        pthread_mutex_lock(&line_lock);
        int64_t at = now();
        if (at >= greeting_at + GREETING_GAP) {
            say(GREETING);
            greeting_at = at;
        }
        if (at >= state_at + state_gap || (wheel != told_wheel && at >= state_at + WHEEL_GAP))
            say_state(at);
        pthread_mutex_unlock(&line_lock);
        while (read(line, heard, sizeof heard) > 0)
            ;
        sleep_until(next += WHEEL_GAP); /* not more often: it interrupts the stopwatch */
        if (next < now())
            next = now();
    }
    return NULL;
}

/* Turns the wheel by one detent; `at_once`: without waiting for the 5 ms to be over. */
static int turn_serial(int detent, int at_once)
{
    int64_t at;
    int said = 1;

    pthread_mutex_lock(&line_lock);
    wheel = (wheel + detent) & 0xFFFF;
    at = now();
    if (at_once || at >= state_at + WHEEL_GAP)
        said = say_state(at);
    pthread_mutex_unlock(&line_lock);
    return said;
}

static void hold_serial(const int *wanted)
{
    unsigned axis = 0, scale = 0, bits = 0;

    for (unsigned key = 0; key < 6; key++)
        axis = wanted[key] ? key + 1 : axis;
    for (unsigned key = 6; key < 9; key++)
        scale = wanted[key] ? key - 5 : scale;
    for (unsigned key = 9; key < 12; key++)
        bits |= wanted[key] ? 1u << (key - 9) : 0;
    pthread_mutex_lock(&line_lock);
    mark = wheel;
    changes = (changes + (axis != axis_position) + (scale != scale_position) +
               __builtin_popcount(bits ^ switches)) & 0xFF;
    axis_position = axis;
    scale_position = scale;
    switches = bits;
    say_state(now());
    pthread_mutex_unlock(&line_lock);
}

/* Makes the pseudo-terminal; writes the path of its other end. */
static int make_serial(char *path)
{
    struct termios raw;
    struct sched_param priority = {.sched_priority = LINE_PRIORITY};
    pthread_attr_t attributes;
    pthread_t thread;
    int other;

    if (openpty(&line, &other, path, NULL, NULL) < 0)
        return -1;
    tcgetattr(other, &raw);
    cfmakeraw(&raw);
    tcsetattr(other, TCSANOW, &raw); /* `other` stays open, or the pendant would be unplugged at each closing */
    fcntl(line, F_SETFL, O_NONBLOCK);
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
    return pthread_create(&thread, &attributes, speak, NULL);
}
