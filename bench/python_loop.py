# SPDX-License-Identifier: GPL-2.0-or-later
"""The least that a program in Python can do: wait for the pendant, read it, count on a pin.

Like c_loop.c, it knows of no axis, no scale, no E-stop and no lost events; it stands in the benchmarks for
what the language costs.

    python_loop NODE        a component of the name python_loop, with the pin python_loop.counts
"""

import fcntl
import os
import select
import struct
import sys

import hal

EV_REL = 2
EVIOCGRAB = 0x40044590

node = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
fcntl.ioctl(node, EVIOCGRAB, 1)
component = hal.component("python_loop")
component.newpin("counts", hal.HAL_S32, hal.HAL_OUT)
show = component.getitem("counts").set
poll = select.epoll()
poll.register(node, select.EPOLLIN)
unpack = struct.Struct("llHHi").iter_unpack
counts = 0
component.ready()
while True:
    poll.poll()
    for _, _, kind, _, value in unpack(os.read(node, 6144)):
        if kind == EV_REL:
            counts += value
            show(counts)
