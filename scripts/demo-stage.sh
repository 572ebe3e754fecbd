# Sourced by the demos: what is said, what is run, and how it is shown.

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
chapter() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }
show() { printf '%s$ %s%s\n' "$dim" "$*" "$plain" >&2; }
run() { show "$@"; "$@"; }
fail() { printf '\nDEMO FAILED: %s\n' "$*" >&2; exit 1; }
same() { [ "$1" = "$2" ] && say "   equal: $1" || fail "$3: $1 != $2"; }
