/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Makes a pendant in the kernel (uinput), turns its wheel, and watches a HAL pin follow.
 *
 *     stopwatch NAME KEYS [serial]
 *
 * The component and the pendant are both called NAME. The pendant has KEYS joystick buttons from BTN_TRIGGER on,
 * and a dial. Commands come on standard input, one in a line; each is answered by one line on standard output:
 *
 *     hold BUTTON ...           press these buttons, counted from 0, and let go of all others
 *     latency N MIN_US MAX_US   N times: wait for MIN_US to MAX_US, turn by one detent, wait for the pin;
 *                               answers the nanoseconds of each, -1 where nothing came within a second, -2 where
 *                               one of the processors stood still for more than a millisecond meanwhile
 *     storm N RATE              turn by N detents, RATE of them in a second, all forwards; answers how many seconds
 *                               that took, how far the pin moved, how many detents the kernel took, and for
 *                               how many microseconds the first processor stood still at most
 *
 *     flip N                    from now on, N of each 10000 bytes of a serial pendant arrive damaged
 *     every MS                  a serial pendant tells its state so often at least
 *
 * The pin is NAME.counts, an input, to be netted to what is measured. The stopwatch is to have a processor of its
 * own, and the program under test the first one (0).
 *
 * An emulated processor stands still whenever the machine that it runs on has something else to do. The kernel
 * keeps a pendant's last 64 detents; a standstill that is longer than those last says nothing of the program. So a
 * thread of high priority on the program's processor looks how late it wakes: in a storm four times in what the
 * queue lasts, and otherwise every millisecond, as a servo thread would. And where it is the stopwatch that stood
 * still, it does not catch up, but goes on at the same rate.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <hal.h>

#define SECOND 1000000000LL
#define QUEUE 64        /* detents in the queue: 128 events, of which each second one is a SYN_REPORT */
#define CATCH_UP 4      /* detents that may come too soon after one that was late */
#define WATCH_PRIORITY 60
#define STOOD_STILL (SECOND / 1000)

static int device;
static int keys;
static volatile hal_s32_t *volatile *counts; /* netting the pin changes where it points */

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void sleep_until(int64_t at)
{
    struct timespec t = {at / SECOND, at % SECOND};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

#include "serial_line.h"

/* One change and its SYN_REPORT in one write, so that the reader is woken once. */
static int report(int type, int code, int value)
{
    struct input_event events[2] = {
        {.type = type, .code = code, .value = value},
        {.type = EV_SYN, .code = SYN_REPORT},
    };
    return write(device, events, sizeof events) == sizeof events;
}

static int button(int number) { return number < 16 ? BTN_TRIGGER + number : BTN_TRIGGER_HAPPY + number - 16; }

static int make_pendant(const char *name)
{
    struct uinput_setup setup = {.id = {BUS_USB, 0x1209, 0x0001, 1}};

    strncpy(setup.name, name, sizeof setup.name - 1);
    device = open("/dev/uinput", O_WRONLY | O_CLOEXEC);
    if (device < 0)
        return -1;
    ioctl(device, UI_SET_EVBIT, EV_KEY);
    ioctl(device, UI_SET_EVBIT, EV_REL);
    ioctl(device, UI_SET_RELBIT, REL_DIAL);
    for (int key = 0; key < keys; key++)
        ioctl(device, UI_SET_KEYBIT, button(key));
    return ioctl(device, UI_DEV_SETUP, &setup) < 0 ? -1 : ioctl(device, UI_DEV_CREATE);
}

static void hold(char *buttons)
{
    int wanted[64] = {0};

    for (char *word = strtok(buttons, " \n"); word; word = strtok(NULL, " \n"))
        if (atoi(word) >= 0 && atoi(word) < keys)
            wanted[atoi(word)] = 1;
    if (line >= 0)
        hold_serial(wanted);
    for (int key = 0; line < 0 && key < keys; key++)
        report(EV_KEY, button(key), wanted[key]);
    printf("held\n");
}

static int turn(int detent, int at_once)
{
    return line < 0 ? report(EV_REL, REL_DIAL, detent) : turn_serial(detent, at_once);
}

struct watch {
    int64_t period;
    volatile int stopped;
    int64_t still;                /* nanoseconds, the longest */
    volatile int64_t still_until; /* when it stood still last, for longer than STOOD_STILL */
};

static void *watch(void *argument)
{
    struct watch *w = argument;
    int64_t next = now() + w->period;

    while (!w->stopped) {
        sleep_until(next);
        int64_t at = now();
        if (at - next > w->still)
            w->still = at - next;
        if (at - next > STOOD_STILL)
            w->still_until = at;
        next = at + w->period;
    }
    return NULL;
}

/* Start watching processor 0. */
static int start_watch(pthread_t *thread, struct watch *w, int64_t period)
{
    pthread_attr_t attributes;
    struct sched_param priority = {.sched_priority = WATCH_PRIORITY};
    cpu_set_t first;

    *w = (struct watch){.period = period};
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes, &priority);
    pthread_attr_setaffinity_np(&attributes, sizeof first, &first);
    return pthread_create(thread, &attributes, watch, w);
}

static void end_watch(int is_watched, pthread_t thread, struct watch *w)
{
    w->stopped = 1;
    if (is_watched)
        pthread_join(thread, NULL);
}

static int64_t one_latency(int detent, const struct watch *w)
{
    int32_t before = **counts;
    int64_t start = now(), last, at = start;

    turn(detent, 1);
    do {
        last = at;
        at = now();
    } while (**counts == before && at - start < SECOND);
    if (at - last > STOOD_STILL || w->still_until > start)
        return -2;
    return **counts == before ? -1 : at - start;
}

static void latency(int n, int64_t min_us, int64_t max_us)
{
    struct watch w;
    pthread_t thread;
    int is_watched = !start_watch(&thread, &w, SECOND / 1000);

    for (int i = 0; i < n; i++) {
        /* At no fixed place in a period of whoever is measured. */
        sleep_until(now() + min_us * 1000 + (int64_t)(drand48() * (max_us - min_us) * 1000));
        printf("%lld ", (long long)one_latency(i % 2 ? -1 : 1, &w));
    }
    printf("\n");
    end_watch(is_watched, thread, &w);
}

/* Wait until the pin has not moved for half a second; return where it stands. */
static int32_t settled(void)
{
    int32_t last = **counts;
    int64_t until = now() + SECOND / 2;

    while (now() < until) {
        sleep_until(now() + SECOND / 100);
        if (**counts != last) {
            last = **counts;
            until = now() + SECOND / 2;
        }
    }
    return last;
}

static void storm(int n, int rate)
{
    int32_t before = **counts;
    int64_t period = SECOND / rate, begin, due, took;
    int sent = 0;
    struct watch w;
    pthread_t thread;
    int is_watched = !start_watch(&thread, &w, QUEUE * SECOND / rate / 4);

    begin = due = now() + period;
    for (int i = 0; i < n; i++, due += period) {
        int64_t at;
        if (period > SECOND / 2000 && due - now() > SECOND / 4000)
            sleep_until(due - SECOND / 5000);
        while ((at = now()) < due)
            ;
        if (at > due + CATCH_UP * period)
            due = at - CATCH_UP * period;
        sent += turn(1, 0);
    }
    took = now() - begin;
    sleep_until(now() + QUEUE * period);
    end_watch(is_watched, thread, &w);
    printf("%.6f %d %d %lld\n", (double)took / SECOND, settled() - before, sent,
           is_watched ? (long long)(w.still / 1000) : -1LL);
}

int main(int argc, char **argv)
{
    char command[512], pin[64], path[64] = "";
    int component, n, from, to;

    if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "serial")) || (keys = atoi(argv[2])) < 16 || keys > 56) {
        fprintf(stderr, "usage: stopwatch NAME KEYS [serial]   (16 to 56)\n");
        return 2;
    }
    if (argc == 4 ? make_serial(path) : make_pendant(argv[1])) {
        perror(argc == 4 ? "pseudo-terminal" : "/dev/uinput");
        return 4;
    }
    component = hal_init(argv[1]);
    counts = component < 0 ? NULL : (volatile hal_s32_t *volatile *)hal_malloc(sizeof *counts);
    snprintf(pin, sizeof pin, "%s.counts", argv[1]);
    if (!counts || hal_pin_s32_new(pin, HAL_IN, (hal_s32_t **)counts, component) < 0)
        return 5;
    hal_ready(component);
    mlockall(MCL_CURRENT);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf(*path ? "ready %s\n" : "ready\n", path);
    while (fgets(command, sizeof command, stdin)) {
        if (!strncmp(command, "hold", 4))
            hold(command + 4);
        else if (sscanf(command, "latency %d %d %d", &n, &from, &to) == 3)
            latency(n, from, to);
        else if (sscanf(command, "storm %d %d", &n, &from) == 2)
            storm(n, from);
        else if (sscanf(command, "flip %d", &flipped) == 1)
            printf("flipped\n");
        else if (sscanf(command, "every %d", &n) == 1) {
            state_gap = n * SECOND / 1000;
            printf("every\n");
        } else
            printf("unknown: %s", command);
    }
    if (line < 0)
        ioctl(device, UI_DEV_DESTROY);
    hal_exit(component);
    return 0;
}
