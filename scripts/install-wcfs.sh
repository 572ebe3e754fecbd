#!/usr/bin/env bash
# install-wcfs.sh install|uninstall PYTHON: puts our wcfs where wendelin.core of that Python looks for its server, or takes it away again.
#
# wendelin.core runs the file `wcfs` of its own package directory `wendelin/wcfs`, and knows a server again by that very file: so it has
# to be the executable itself, no link and no script. The original stays beside it as `wcfs.wendelin-core`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

action=$1 python=$2

fail() {
  echo "install-wcfs: $1" >&2
  echo "hint: $2" >&2
  exit 1
}

command -v "$python" >/dev/null || fail "no such Python: $python" "name one: make $action-wcfs PYTHON=/path/to/venv/bin/python"

# Found, not imported: importing runs code of the package and needs all that it needs.
folder=$("$python" -c '
import importlib.machinery as machinery, importlib.util as util
try:
    spec = util.find_spec("wendelin")
except ImportError:
    spec = None
places = spec.submodule_search_locations if spec else []
found = machinery.PathFinder.find_spec("wendelin.wcfs", places) if places else None
print(found.submodule_search_locations[0] if found and found.submodule_search_locations else "")
') || fail "$python does not run" "name another: make $action-wcfs PYTHON=/path/to/venv/bin/python"
[ -n "$folder" ] || fail "wendelin.core is not installed for $python" \
  "install it there first (package wendelin.core 2), or name its Python: make $action-wcfs PYTHON=/path/to/venv/bin/python"
[ -w "$folder" ] || fail "$folder cannot be written" "run this as its owner"

# That there is an original tells that the server is ours; an empty one, that there was none. So whatever is interrupted can be repeated.
server=$folder/wcfs original=$folder/wcfs.wendelin-core

case $action in
  install)
    if [ ! -e "$original" ]; then
      if [ -e "$server" ]; then mv "$server" "$original"; else : >"$original"; fi
    fi
    # A running server keeps its old file: the new one is written beside it and renamed over the name.
    install -m 755 dist/bin/wcfs "$server.new"
    mv -f "$server.new" "$server"
    echo "installed $server"
    ;;
  uninstall)
    [ -e "$original" ] || fail "$server is not ours" "nothing is to be done"
    if [ -s "$original" ]; then mv -f "$original" "$server"; else rm -f "$server" "$original"; fi
    echo "removed our wcfs from $folder"
    ;;
  *)
    echo "usage: install-wcfs.sh install|uninstall PYTHON" >&2
    exit 2
    ;;
esac
