#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a test of the window on a screen (of OMNIFUSE_TEST_SCREEN), a bus and a window manager of its own: run-window-test.sh PROGRAM
for tool in xvfb-run dbus-run-session; do
  if ! command -v $tool >/dev/null 2>&1; then
    echo "1..0 # SKIP $tool is not installed"
    exit 0
  fi
done
HOME=$(mktemp -d)
trap 'rm -rf "$HOME"' EXIT
XDG_RUNTIME_DIR=$HOME/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
unset WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
export HOME XDG_RUNTIME_DIR LC_ALL=C.UTF-8 GDK_BACKEND=x11 GSK_RENDERER=cairo GSETTINGS_BACKEND=memory GTK_A11Y=atspi
# Only the test itself writes to the standard output, which is read as TAP; the bus and its services are noisy.
exec 3>&1
xvfb-run -a -s "-screen 0 ${OMNIFUSE_TEST_SCREEN:-1600x1000}x24" dbus-run-session -- sh -c '
  if command -v openbox >/dev/null 2>&1; then openbox >/dev/null 2>&1 3>&- & manager=$!; fi
  "$@" >&3
  status=$?
  [ -n "$manager" ] && kill $manager
  exit $status' sh "$@" >&2
