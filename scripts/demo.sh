#!/usr/bin/env bash
# A tour of wcfs on a database of its own: import, serve, look at the past, commit while mounted, stop, leave nothing.
#
# BELAY_DEMO_MIB sets the size of the array (default 256).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/bin:$PATH"
# The servers of the demo log to its own folder.
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-demo.XXXXXX")
zurl=file://$work/Data.fs
mebibytes=${BELAY_DEMO_MIB:-256}
mountpoint=

. scripts/demo-stage.sh
sum() { sha256sum <"$1" | cut -c1-64; }

clean_up() {
  trap - EXIT INT TERM
  wcfs stop "$zurl" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

chapter "A big array goes into an object database"
say "$mebibytes MiB of noise, stored as 2 MiB blocks in a FileStorage that does not exist yet."
run head -c "${mebibytes}M" /dev/urandom >"$work/v1.bin"
run belay wcfs import "$work/v1.bin" "$zurl" --name big --create-db
run belay wcfs ls "$zurl"
oid=$(belay wcfs ls "$zurl" --json | sed -n 's/.*"oid":"\([0-9a-f]*\)".*/\1/p')
[ -n "$oid" ] || fail "the big file is not listed"

chapter "The database is served as a file system"
show wcfs start "$zurl"
mountpoint=$(wcfs start -log_dir "$work" "$zurl")
say "mounted at $mountpoint"
show wcfs status "$zurl"
status=$(wcfs status "$zurl")
printf '%s\n' "$status"
server=$(sed -n 's/^ok - wcfs server: *pid\([0-9]*\).*/\1/p' <<<"$status")
[ -n "$server" ] || fail "the server's process is not told"
run ls -l "$mountpoint/head/bigfile/$oid"
say "The file is the array: its checksum is that of what was imported."
same "$(sum "$mountpoint/head/bigfile/$oid")" "$(sum "$work/v1.bin")" "head"
at1=$(cat "$mountpoint/head/at")
say "head shows transaction $at1"

chapter "Another process commits while we look"
say "One MiB in the middle is overwritten. The file system is not told: it follows the database."
head -c 1M /dev/urandom >"$work/patch.bin"
cp "$work/v1.bin" "$work/v2.bin"
dd if="$work/patch.bin" of="$work/v2.bin" bs=1M seek=$((mebibytes / 2)) conv=notrunc status=none
# A reader that was there before keeps its view of the past open all the while.
exec 9<"$mountpoint/@$at1/bigfile/$oid"
run belay wcfs import "$work/patch.bin" "$zurl" --name big --offset $((mebibytes / 2))M --quiet

wait_for_head() {
  for _ in $(seq 100); do
    at=$(cat "$mountpoint/head/at")
    [ "$at" != "$1" ] && return 0
    sleep 0.05
  done
  fail "head did not move"
}
wait_for_head "$at1"; at2=$at
say "head moved from $at1 to $at2"
say "head has the new content:"
same "$(sum "$mountpoint/head/bigfile/$oid")" "$(sum "$work/v2.bin")" "head"
say "@$at1 is as it was, for the reader that had it open too:"
same "$(sum "$mountpoint/@$at1/bigfile/$oid")" "$(sum "$work/v1.bin")" "@$at1"
same "$(sha256sum <&9 | cut -c1-64)" "$(sum "$work/v1.bin")" "open file of @$at1"
exec 9<&-

chapter "A second commit, and two moments of the past side by side"
run belay wcfs import "$work/patch.bin" "$zurl" --name big --append --quiet
wait_for_head "$at2"; at3=$at
say "head is at $at3; the array has grown by a block:"
run stat -c '%s bytes' "$mountpoint/@$at1/bigfile/$oid" "$mountpoint/@$at2/bigfile/$oid" "$mountpoint/head/bigfile/$oid"
same "$(sum "$mountpoint/@$at1/bigfile/$oid")" "$(sum "$work/v1.bin")" "@$at1"
same "$(sum "$mountpoint/@$at2/bigfile/$oid")" "$(sum "$work/v2.bin")" "@$at2"
run belay wcfs log "$zurl" --name big
run belay wcfs diff "$zurl" "$at1" "$at2" --name big

chapter "Letting go"
run wcfs stop "$zurl"
say "Is anything left?"
if grep -qs " $mountpoint " /proc/self/mountinfo; then fail "a mount is left"; fi
say "   no mount"
# A process that has ended stays in the table until its parent takes note of it: Z.
state=$(sed 's/.*) //' "/proc/$server/stat" 2>/dev/null | cut -c1 || true)
case $state in '' | Z | X) ;; *) fail "process $server is left" ;; esac
say "   no process"
[ ! -e "$mountpoint" ] || fail "$mountpoint is left"
say "   no mountpoint"
run belay doctor || say "   (not all is well with this machine, but none of it is from the demo)"
clean_up
[ ! -e "$work" ] || fail "$work is left"
say "   no file"
printf '\n%sThe demo is over: all checksums were equal, nothing is left.%s\n' "$bold" "$plain"
