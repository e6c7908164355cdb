#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The translations, as TAP: what the window says is marked, listed and translated into every language of po/LINGUAS.
# Argument: source root. After a string was added: ninja -C build omnifuse-update-po, then translate what is new.
set -uo pipefail
cd "$1" || exit 1
export LC_ALL=C.UTF-8

for tool in xgettext msgmerge msgfmt msgattrib; do
  if ! command -v $tool >/dev/null; then
    echo "1..0 # SKIP $tool is not installed"
    exit 0
  fi
done

number=0
failures=0
report() { # report NAME OUTPUT: what was found wrong, empty when nothing
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number $1"
  else
    failures=$((failures + 1))
    echo "not ok $number $1"
    printf '%s\n' "$2" | head -n 60 | sed 's/^/# /'
  fi
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
template=$folder/omnifuse.pot
mapfile -t languages < <(grep -v '^#' po/LINGUAS | tr -s ' ' '\n')
echo "1..$((5 + 3 * ${#languages[@]}))"

# The sources

call='(^|[^[:alnum:]_])(_|N_|C_|NC_|ngettext|g_dngettext) ?\("'
output=$({
  grep -rlE "$call" app models ui vk --include='*.c' --include='*.h'
  grep -l 'translatable="yes"' resources/*.ui
  ls resources/*.desktop.in resources/*.metainfo.xml.in
} | while read -r file; do grep -qxF "$file" po/POTFILES.in || echo "$file is not in po/POTFILES.in"; done
grep -vE '^(#|$)' po/POTFILES.in | while read -r file; do [ -f "$file" ] || echo "$file in po/POTFILES.in is gone"; done)
report "po/POTFILES.in lists every file with words" "$output"

# Letters in a property that people read need a decision, also where it is not to translate.
output=$(grep -nE '<(property|attribute) name="(label|title|tooltip-text|subtitle|description|heading|body|placeholder-text)"' \
  resources/*.ui | grep -vE 'translatable="(yes|no)"' | grep -E '>[^<]*[[:alpha:]]')
report "words in resources/*.ui say whether they are translated" "$output"

# A literal with a word in it, handed straight to something that shows it; "win.move-up" is the name of an action.
output=$(perl -0777 -ne '
  while (/\b(gtk_(?:label|button|check_button|window|progress_bar|widget)_(?:new|new_with_label|set_(?:text|markup|label|title
          |tooltip_text))|adw_toast_new|adw_message_dialog_new|adw_\w+_set_(?:title|subtitle|description)|gtk_file_filter_set_name
          |gtk_file_chooser_native_new|gtk_column_view_column_new|gtk_string_list_append|g_menu_append\w*)[ ]\(([^;]*);/xg) {
    my ($name, $words) = ($1, $2);
    $words =~ s/\b(?:N?C?_|ngettext) \((?:[^()"]|"(?:[^"\\]|\\.)*")*\)//g;
    while ($words =~ /"((?:[^"\\]|\\.)*)"/g) {
      my $literal = $1;
      print "$ARGV: $name shows “$literal”\n" if $literal =~ /[A-Za-z]{3}/ && $literal !~ /^[a-z]+\.[a-z-]+(?:::.*)?$/;
    }
  }' $(find ui -name '*.c' | sort))
report "words in ui/ are marked" "$output"

# What goes wrong below the window is shown in it: the same for errors and reasons. Only the command line reads tables (csv.c) and
# measures kernels (bench.c); that a device was not used for scores or the screen is for the log.
output=$(perl -0777 -ne '
  our $args = qr/(?<args>\((?:[^()"\x27]++|"(?:[^"\\]|\\.)*"|\x27(?:[^\x27\\]|\\.)*\x27|(?&args))*+\))/;
  while (/\b(g_set_error(?:_literal)?|g_error_new(?:_literal)?|g_prefix_error|g_task_return_new_error|fail|fail_\w+|refuse
          |omni_(?:foreign|metric)_refuse|omni_metric_(?:refuse_picture|divide)|omni_input_set_(?:damaged|unsupported)
          |omni_device_check|png_error)[ ]$args/xg) {
    my ($name, $words) = ($1, $+{args});
    $words =~ s/\b(?:N?_|ngettext) $args//g;
    while ($words =~ /"((?:[^"\\]|\\.)*)"/g) {
      my $literal = $1;
      print "$ARGV: $name says “$literal”\n" if $literal =~ s/%[-.0-9]*l*[a-z]//gr =~ /[A-Za-z]{3}/;
    }
  }' $(find app models vk -name '*.c' | grep -vE '^(app/(cli|evaluate|training)|models/training)/' |
    grep -vxE 'app/files/csv\.c|app/(metrics|view)/device\.c|vk/bench\.c' | sort))
report "errors in app/, models/ and vk/ are marked" "$output"

output=$(xgettext --from-code=UTF-8 --add-comments --package-name=omnifuse --files-from=po/POTFILES.in --output="$template" \
  --keyword=_ --keyword=N_ --keyword=C_:1c,2 --keyword=NC_:1c,2 --keyword=g_dngettext:2,3 2>&1)
[ -s "$template" ] || output+=" nothing was extracted"
[ "$(grep -c '^msgid ' "$template")" -gt 250 ] || output+=" far too few strings were extracted"
report "the words can be extracted" "$output"

# The languages

for language in "${languages[@]}"; do
  po=po/$language.po
  merged=$folder/$language.po
  output=$(msgfmt --check --check-accelerators=_ --output-file=/dev/null "$po" 2>&1)
  report "$language: formats, plurals and header are right" "$output"

  output=$(msgmerge --quiet --no-fuzzy-matching --output-file="$merged" "$po" "$template" 2>&1)
  output+=$(msgattrib --no-obsolete --untranslated --no-location --no-wrap "$merged" 2>&1 | grep '^msgid ".')
  output+=$(msgattrib --no-obsolete --only-fuzzy --no-location --no-wrap "$merged" 2>&1 | grep '^msgid ".')
  report "$language: every string is translated, none is fuzzy" "$output"

  output=$(msgattrib --only-obsolete --no-wrap "$merged" 2>&1 | grep '^#~ msgid "')
  report "$language: no string is left over" "$output"
done

exit $((failures > 0))
