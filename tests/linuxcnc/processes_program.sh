#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hal_mpg, with its exit status written down for processes_stage.py. HAL_MPG_MODULE: what runs in its place.

/usr/bin/python3 -m "${HAL_MPG_MODULE:-hal_mpg}" "$@"
status=$?
echo "$status" >>"${HAL_MPG_LINUXCNC_SOCKET%/*}/statuses"
exit "$status"
