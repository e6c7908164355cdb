#!/usr/bin/env bash
# The style gate, as TAP: formatting, headers that stand alone, exported names, file sizes, layers.
# Arguments: source root, build root.
set -uo pipefail
source_root=$1
build_root=$2
cd "$source_root" || exit 1

number=0
failures=0
report() { # report STATUS NAME [OUTPUT]
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $number $2"
  else
    failures=$((failures + 1))
    echo "not ok $number $2"
    printf '%s\n' "${3:-}" | head -n 40 | sed 's/^/# /'
  fi
}

echo "1..7"
mapfile -t c_files < <(find app models vk ui tests resources -name '*.[ch]' | sort)
mapfile -t headers < <(find app models vk ui -name '*.h' | sort)

output=$(clang-format --dry-run -Werror "${c_files[@]}" 2>&1 | grep 'error:' | head -n 20
  # It takes the dashes of a quark's name for minus signs.
  grep -rn 'G_DEFINE_QUARK (.* - ' app models vk ui --include='*.c')
[ -z "$output" ]
report $? "clang-format" "$output"

flags=$(pkg-config --cflags libadwaita-1 gexiv2 json-glib-1.0 lcms2)
output=""
for header in "${headers[@]}"; do
  # shellcheck disable=SC2086
  out=$(echo "#include \"$header\"" | cc -std=gnu11 -fsyntax-only -Werror -Wall -D_GNU_SOURCE -I. -I"$build_root" $flags -x c - 2>&1) \
    || output+="$header: $(echo "$out" | head -n 3)"$'\n'
done
[ -z "$output" ]
report $? "every header compiles alone" "$output"

output=$(for library in vk/libomni-vk.a models/libomni-models.a app/libomni-app.a ui/libomni-ui.a; do
  [ -f "$build_root/$library" ] && nm --defined-only --extern-only "$build_root/$library" 2>/dev/null \
    | awk -v l="$library" 'NF == 3 && $3 !~ /^(omni_|_omni_|__asan|__odr_asan|__ubsan)/ { print l ": " $3 }'
done)
[ -z "$output" ]
report $? "exported names start with omni_" "$output"

output=$(find app models vk ui shaders tests resources -name '*.[ch]' -o -name '*.comp' -o -name '*.glsl' -o -name '*.sh' \
  | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -gt 800 ] && ! grep -q 'Longer than 800 lines because' "$file" && echo "$file: $lines lines"
  done)
[ -z "$output" ]
report $? "no file over 800 lines without a reason" "$output"

output=$(grep -rnE '#include *[<"](gtk/|adwaita\.h|ui/)' vk models app --include='*.[ch]'
  grep -rnE '#include *"(app|ui)/' vk models --include='*.[ch]'
  grep -rnE '#include *"models/' vk --include='*.[ch]'
  grep -rnE '\bvk[A-Z][A-Za-z]+ *\(|#include *[<"]vulkan/' app ui models --include='*.[ch]')
[ -z "$output" ]
report $? "dependencies point down" "$output"

output=$(find app models vk ui shaders tests -name '*.[ch]' -o -name '*.comp' -o -name '*.glsl' \
  | xargs grep -L 'SPDX-License-Identifier: GPL-3.0-or-later')
[ -z "$output" ]
report $? "every source names its licence" "$output"

output=$(grep -rnIE '(/wor[k]/|/hom[e]/[a-z])' --include='*' app models vk ui shaders tests resources po README.md HACKING.md run check .ci \
  --exclude='*.safetensors' --exclude='*.jpg' --exclude='*.png' 2>/dev/null)
[ -z "$output" ]
report $? "no path of one machine" "$output"

exit $((failures > 0))
