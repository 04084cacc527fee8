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

# mpg-axis.py has it carried out once more when `hal_mpg recover` has started the component again, with its name,
# which need not be hal_mpg. By hand, in the folder of the INI file:   haltcl mpg-panel.tcl hal_mpg-2
set component [expr {[info exists argv] && [llength $argv] == 1 ? [lindex $argv 0] : "hal_mpg"}]

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

show $component.panel.selected mpg-selected  mpg-panel-selected
show $component.panel.selected mpg-target    mpg-panel-selected
show $component.scale          mpg-scale     mpg-panel-scale
show $component.panel.unit     mpg-unit      mpg-panel-unit
show $component.panel.unit     mpg-caption   mpg-panel-unit
show $component.why-not        mpg-why-not   mpg-panel-why-not
show $component.estop          mpg-estop     mpg-estop
show $component.enable         mpg-enable    mpg-panel-enable
show $component.armed          mpg-armed     mpg-panel-armed
show $component.connected      mpg-connected mpg-panel-connected
show $component.counts         mpg-counts    mpg-panel-counts
show $component.velocity       mpg-velocity  mpg-panel-velocity
show $component.dropped        mpg-dropped   mpg-panel-dropped
# Does the component run? All else here stays as it was when it has been killed.
show watchdog.ok-out        mpg-runs      mpg-watchdog-ok
