#!/usr/bin/env bash
# install.sh install|uninstall ROOT: puts the built executables under ROOT, or takes them away again.
#
# The files lie in ROOT/lib/belay, hard links of each other, with links to them in ROOT/bin: the kernel then names the
# process after the link's name, and the native library beside them needs no unpacking at start. The units of systemd go to
# ROOT/lib/systemd/system; BINDIR is what they call, where ROOT is not where the files will lie in the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

action=$1 root=$2
library=$root/lib/belay
units=$root/lib/systemd/system
bindir=${BINDIR:-$root/bin}
names=$(cat dist/names 2>/dev/null || echo "belay wcfs docker-py")

case $action in
  install)
    mkdir -p "$library" "$root/bin"
    # A running server keeps its old file: the new one is written beside it and renamed over the name.
    install -m 755 dist/bin/belay "$library/.belay.new"
    mv -f "$library/.belay.new" "$library/belay"
    install -m 755 dist/bin/koffi.node "$library/koffi.node"
    for name in $names; do
      [ "$name" = belay ] || ln -f "$library/belay" "$library/$name"
      ln -sfn "../lib/belay/$name" "$root/bin/$name"
    done
    mkdir -p "$units"
    for unit in packaging/systemd/*.service; do
      sed "s|@bindir@|$bindir|g" "$unit" > "$units/${unit##*/}"
    done
    echo "installed $names in $root/bin"
    ;;
  uninstall)
    for name in $names; do rm -f "$root/bin/$name" "$library/$name"; done
    rm -f "$library/koffi.node"
    for unit in packaging/systemd/*.service; do rm -f "$units/${unit##*/}"; done
    rmdir "$library" 2>/dev/null || true
    echo "removed $names from $root/bin"
    ;;
  *) echo "usage: install.sh install|uninstall ROOT" >&2; exit 2 ;;
esac
