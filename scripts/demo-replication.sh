#!/usr/bin/env bash
# A tour of replication: a directory kept equal in another place, also when its processes are killed; a checkpoint, a comparison, nothing left.
#
# BELAY_DEMO_FILES sets how many files there are at the start (default 2000).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/bin:$PATH"
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-demo.XXXXXX")
# Sessions of the demo lie in its own folder, not among those of this machine.
export BELAY_GEOREP_DIR="$work/georep"
source=$work/source
copy=$work/copy
files=${BELAY_DEMO_FILES:-2000}
. scripts/demo-stage.sh

clean_up() {
  trap - EXIT INT TERM
  belay georep delete --force "$source" "$copy" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

equal() {
  diff -r --no-dereference --exclude=.belay-georep "$source" "$copy" >/dev/null || fail "the trees differ"
  say "   equal: every file of $1"
}

chapter "A directory is kept equal in another place"
say "$files small files, a large one, links, a name with a newline in it."
mkdir -p "$source/some/where"
for i in $(seq "$files"); do echo "file $i" >"$source/some/$i"; done
head -c 32M /dev/urandom >"$source/large"
ln "$source/large" "$source/some/where/the same file"
ln -s ../large "$source/some/link"
echo odd >"$source/a name"$'\n'"of two lines"
run belay georep create "$source" "$copy"
run belay georep start "$source" "$copy"
run belay georep checkpoint "$source" "$copy"
equal "the first copy"
run belay georep status "$source" "$copy"

chapter "It follows"
say "A directory is renamed, a byte of the large file changes, files come and go."
mv "$source/some" "$source/elsewhere"
printf X | dd of="$source/large" bs=1 seek=20000000 conv=notrunc status=none
rm "$source/elsewhere/1" "$source/elsewhere/2"
echo new >"$source/elsewhere/new"
run belay georep checkpoint "$source" "$copy"
equal "what changed"

chapter "Its processes are killed"
pid=$(belay georep status "$source" "$copy" --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
[ -n "$pid" ] || fail "the worker's process is not told"
run kill -9 "$pid"
echo "written while nobody replicated" >"$source/meanwhile"
for _ in $(seq 300); do [ -e "$copy/meanwhile" ] && break; sleep 0.1; done
run cat "$copy/meanwhile"
run belay georep verify "$source" "$copy"

chapter "Letting go"
run belay georep stop "$source" "$copy"
run belay georep delete "$source" "$copy"
# From a descriptor: among the words of grep itself it would be found, too.
left=$(grep -lasF -f <(printf '%s\n' "$work") /proc/[0-9]*/cmdline 2>/dev/null || true)
[ -z "$left" ] || fail "a process is left: $left"
say "   no process"
clean_up
[ ! -e "$work" ] || fail "$work is left"
say "   no file"
printf '\n%sThe demo of replication is over: the copy was equal each time, nothing is left.%s\n' "$bold" "$plain"
