# SPDX-License-Identifier: GPL-2.0-or-later
#
# mpg-axis.py: the axis and the jog increment that are selected in AXIS follow the pendant; and the panel of
# AXIS (mpg-panel.xml), where it is there, gets the colors of its reason, says NO HAL_MPG when that is so, and
# shows the component that `hal_mpg recover` has started. In the INI file:
#   [DISPLAY]
#   USER_COMMAND_FILE = mpg-axis.py
# It wants mpg_panel.py beside it. If you have a file of your own there (or ~/.axisrc, which is then not
# read), add
#   exec(open("mpg-axis.py").read())
# to it, behind your own user_live_update, which goes on being called.
#
# Nothing moves by it. It waits while AXIS jogs by a key or the mouse, for AXIS would end that jog at the axis
# that is selected then; and while a window asks something: "Touch Off" takes the axis that is selected when
# OK is pressed.

import os
import subprocess
import sys
import traceback

if "root_window" in globals() and globals().get("hal_present") == 1:
    # Beside the INI file: a file of yours that has this one carried out may be anywhere.
    sys.path.insert(0, os.path.dirname(os.path.abspath(os.environ.get("INI_FILE_NAME", rcfile))))
    import mpg_panel

    _MPG_WIRES = os.path.join(sys.path[0], "mpg-panel.tcl")

    _mpg_pendant = mpg_panel.Pendant(hal.get_value)
    _mpg_follower = mpg_panel.Follower()
    _mpg_before = user_live_update
    _mpg_works = True
    _mpg_wired = "hal_mpg"  # the component that the panel's pins are netted to; "" for one that has ended
    _mpg_ran = False

    def _mpg_is_free():
        """Tell whether nothing is jogged by keys or the mouse, and no window or list is open."""
        jogs = any(jogging) and s.task_state == linuxcnc.STATE_ON and s.task_mode == linuxcnc.MODE_MANUAL
        return not jogs and not root_window.tk.call("grab", "current")

    def _mpg_select(axis):
        # Joints are selected by number, and only where the kinematics are not trivial, before homing.
        if vars.ja_rbutton.get().isalpha() and axis in trajcoordinates.lower():
            vars.ja_rbutton.set(axis)
            commands.axis_activated()

    def _mpg_increment(click):
        global jogincr_index_last
        entries = root_window.tk.splitlist(root_window.call(widgets.jogincr._w, "list", "get", "0", "end"))
        offered = [None, *(parse_increment(entry) for entry in entries[1:])]
        index = mpg_panel.index_of(click, offered)
        if index is not None:
            root_window.call(widgets.jogincr._w, "select", index)
            jogincr_index_last = index
            set_hal_jogincrement()

    def _mpg_label():
        """Return the Tk path of the panel's reason; "" where there is no panel."""
        paths = ["."]
        while paths:
            path = str(paths.pop())
            if path.endswith(".mpg_why_not"):
                return path
            paths += root_window.tk.splitlist(root_window.tk.call("winfo", "children", path))
        return ""

    _mpg_reason = _mpg_label()

    def _mpg_show(words, tone):
        # PyVCP writes the words, too, but only when the pin changes.
        tk, (foreground, background) = root_window.tk, mpg_panel.TONES[tone]
        tk.call("set", tk.call(_mpg_reason, "cget", "-textvariable"), words)
        tk.call(_mpg_reason, "configure", "-foreground", foreground, "-background", background)

    def _mpg_wire():
        """Have the panel's pins netted to a component that was started while AXIS runs."""
        global _mpg_wired, _mpg_ran
        if _mpg_ran and not _mpg_pendant.runs:
            _mpg_wired = ""
        _mpg_ran = _mpg_pendant.runs
        if _mpg_ran and _mpg_wired != _mpg_pendant.component:
            _mpg_wired = _mpg_pendant.component
            if os.path.exists(_MPG_WIRES):
                subprocess.Popen(["haltcl", _MPG_WIRES, _mpg_wired])

    def _mpg_panel():
        if _mpg_reason:
            _mpg_show(_mpg_pendant.texts()["why"], _mpg_pendant.tone())
            _mpg_wire()

    def _mpg_follow():
        axis, click = _mpg_follower.look(_mpg_pendant.axis, _mpg_pendant.click, _mpg_is_free())
        if axis:
            _mpg_select(axis)
        if click:
            _mpg_increment(click)

    def user_live_update():
        global _mpg_works
        _mpg_before()
        if _mpg_works:
            try:
                _mpg_pendant.read()
                _mpg_panel()
                _mpg_follow()
            except Exception:  # or AXIS would never show a position again
                _mpg_works = False
                traceback.print_exc()
                print("mpg-axis.py: AXIS does not follow the pendant any more", file=sys.stderr)
                if _mpg_reason:
                    _mpg_show("PANEL\nFAULT", "wait")

else:
    print("mpg-axis.py is for AXIS; nothing is done by it here")
