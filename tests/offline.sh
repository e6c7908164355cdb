#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No network, as TAP: the programs named link no library for it and call nothing that opens, names or finds another machine.
set -uo pipefail

libraries='lib(curl|soup|nghttp2|ssl|gnutls|ssh|microhttpd|cares|avahi|uv)[-.0-9]'
calls='(socket|connect|bind|listen|getaddrinfo|gethostby.*|res_.*query|curl_.*|soup_.*)'
calls="$calls|g_(socket|tcp|tls|resolver|network|inet|proxy)_.*|g_file_mount_.*|g_uri_handler_.*"

number=0
status=0
report() { # report NAME FOUND
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number $1"
  else
    status=1
    echo "not ok $number $1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

if ! command -v readelf >/dev/null; then
  echo "1..0 # SKIP readelf is not installed"
  exit 0
fi
echo "1..$(($# * 2))"
for program in "$@"; do
  needed=$(readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  imported=$(readelf --dyn-syms -W "$program" | awk '$7 == "UND" && $8 != "" { sub(/@.*/, "", $8); print $8 }')
  if [ -z "$needed" ] || [ -z "$imported" ]; then
    needed=curl
    imported="nothing could be read of $program"
  fi
  report "${program##*/} links no library for the network" "$(grep -E "^$libraries" <<<"$needed")"
  report "${program##*/} opens no socket" "$(grep -xE "$calls|nothing could be read.*" <<<"$imported")"
done
exit $status
