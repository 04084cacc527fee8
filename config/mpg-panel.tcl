# SPDX-License-Identifier: GPL-2.0-or-later
#
# mpg-panel.tcl: what the panel of AXIS (mpg-panel.xml) shows. In the INI file, after the panel itself:
#   [DISPLAY]
#   PYVCP = mpg-panel.xml
#   [HAL]
#   POSTGUI_HALFILE = mpg-panel.tcl
#
# It is Tcl and no plain HAL file so that it never keeps LinuxCNC from starting: another DISPLAY has no PyVCP panel,
# and a pin of hal_mpg's may be in a net of yours already, which then takes the panel's pin in.

# Without a screen there is no panel. (`hal_mpg doctor` and `wiring` read this file without one, for they look at
# what the machine's own files net.)
if {![info exists ::env(DISPLAY)]} {
    return
}

# show PIN PANEL NAME: net hal_mpg's pin to the panel's; NAME is what the signal is called if it is not in one yet.
proc show {pin panel name} {
    if {[catch {hal net $name $pin} message]} {
        if {![regexp {already linked to signal '([^']+)'} $message all name]} {
            puts stderr "mpg-panel.tcl: $message"
            return
        }
    }
    if {[catch {hal net $name pyvcp.$panel} message]} {
        puts stderr "mpg-panel.tcl: $message (no PyVCP panel mpg-panel.xml in this GUI?)"
    }
}

show hal_mpg.panel.selected mpg-selected  mpg-panel-selected
show hal_mpg.panel.selected mpg-target    mpg-panel-selected
show hal_mpg.scale          mpg-scale     mpg-panel-scale
show hal_mpg.panel.unit     mpg-unit      mpg-panel-unit
show hal_mpg.panel.unit     mpg-caption   mpg-panel-unit
show hal_mpg.why-not        mpg-why-not   mpg-panel-why-not
show hal_mpg.estop          mpg-estop     mpg-estop
show hal_mpg.enable         mpg-enable    mpg-panel-enable
show hal_mpg.armed          mpg-armed     mpg-panel-armed
show hal_mpg.connected      mpg-connected mpg-panel-connected
show hal_mpg.counts         mpg-counts    mpg-panel-counts
show hal_mpg.velocity       mpg-velocity  mpg-panel-velocity
show hal_mpg.dropped        mpg-dropped   mpg-panel-dropped
# Does the component run? All else here stays as it was when it has been killed.
show watchdog.ok-out        mpg-runs      mpg-watchdog-ok
