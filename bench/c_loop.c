/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The least that can be done: wait for the pendant, read it, count on a pin. It knows of no axis, no scale,
 * no E-stop, no lost events; it stands in the benchmarks for what the machine itself costs.
 *
 *     c_loop NODE        a component of the name c_loop, with the pin c_loop.counts
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hal.h>

static volatile sig_atomic_t stopped;

static void stop(int number) { stopped = number; }

static int run(int node, volatile hal_s32_t *volatile *counts)
{
    struct epoll_event interest = {.events = EPOLLIN}, ready;
    struct input_event events[64];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, node, &interest) < 0)
        return -1;
    while (!stopped) {
        if (epoll_wait(epoll, &ready, 1, -1) < 0 && errno != EINTR)
            return -1;
        ssize_t bytes = read(node, events, sizeof events);
        for (ssize_t i = 0; i < bytes / (ssize_t)sizeof events[0]; i++)
            if (events[i].type == EV_REL)
                **counts += events[i].value;
    }
    return 0;
}

int main(int argc, char **argv)
{
    hal_s32_t **counts;
    int node, component, status;

    if (argc != 2) {
        fprintf(stderr, "usage: c_loop /dev/input/eventN\n");
        return 2;
    }
    node = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (node < 0 || ioctl(node, EVIOCGRAB, 1) < 0) {
        perror(argv[1]);
        return 4;
    }
    component = hal_init("c_loop");
    if (component < 0)
        return 5;
    counts = hal_malloc(sizeof *counts);
    if (!counts || hal_pin_s32_new("c_loop.counts", HAL_OUT, counts, component) < 0) {
        hal_exit(component);
        return 5;
    }
    **counts = 0;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    hal_ready(component);
    status = run(node, (volatile hal_s32_t *volatile *)counts);
    hal_exit(component);
    return status ? 4 : 0;
}
