#!/usr/bin/env bash
# Makes this checkout ready to work in: Debian packages that are missing, npm packages, a Python environment with ZODB.
#
# Says what it does; does nothing, quickly, when everything is there. Safe to run again after it was interrupted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

with_compiler=no
with_peers=no
for option in "$@"; do
  case $option in
    --with-compiler) with_compiler=yes ;;
    --with-peers) with_peers=yes ;;
    *) echo "setup: unknown option $option (there are: --with-compiler --with-peers)" >&2; exit 2 ;;
  esac
done

stamps=build/stamps
mkdir -p "$stamps"

say() { echo "setup: $*"; }
have() { command -v "$1" >/dev/null 2>&1; }
has_library() { PATH=$PATH:/usr/sbin:/sbin ldconfig -p | grep -q "^[[:space:]]*$1 "; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else say "not root and no sudo here; run as root: $*" >&2; exit 1
  fi
}

# Debian packages, only those whose program is missing.
missing=()
have fusermount3 || missing+=(fuse3)
# The runtime's one library that a small Debian lacks. Without it even npm fails, as it takes the runtime that comes first on the path.
has_library libatomic.so.1 || missing+=(libatomic1)
have npm || missing+=(npm)
# python3 -m venv works only where ensurepip is there too, which Debian has in a package of its own.
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if [ "$with_compiler" = yes ]; then have gcc || missing+=(gcc libc6-dev); fi
# The certificates that npm and pip check the registries with.
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)

if [ ${#missing[@]} -gt 0 ]; then
  if ! have apt-get; then
    say "missing: ${missing[*]}; this is no Debian system, please install them by its own means" >&2
    exit 1
  fi
  say "installing Debian packages: ${missing[*]}"
  as_root apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# What only tests talk to: engines, registries, other architectures, the replication daemon that ours stands in for. A machine that cannot have
# one of them still runs the other tests; those that miss it are skipped, and counted.
peers=(podman runc fuse-overlayfs busybox-static docker-registry qemu-user-static debootstrap glusterfs-server attr acl rsync openssh-server curl iproute2 libdevmapper1.02.1 procps gcc libc6-dev e2fsprogs xfsprogs btrfs-progs iproute2)
if [ "$with_peers" = yes ]; then
  absent=()
  for package in "${peers[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || absent+=("$package")
  done
  if [ ${#absent[@]} -gt 0 ]; then
    say "installing Debian packages for tests: ${absent[*]}"
    as_root apt-get -qq update
    for package in "${absent[@]}"; do
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null ||
        say "cannot install $package: tests that need it will be skipped"
    done
  fi
fi

# A docker daemon for tests. Its packages are unpacked here, not installed: installed, they start a daemon for the whole machine.
unpack_docker() {
  local work package
  work=$(mktemp -d)
  for package in docker.io docker-cli docker-buildx containerd tini; do
    # Which of these there are depends on the version of Debian.
    apt-cache show --no-all-versions "$package" >/dev/null 2>&1 || continue
    (cd "$work" && apt-get -qq -o APT::Sandbox::User= download "$package") || break
  done
  for package in "$work"/*.deb; do [ -e "$package" ] && dpkg -x "$package" "$work/root"; done
  if [ -x "$work/root/usr/sbin/dockerd" ]; then
    mkdir -p build/peers
    rm -rf build/peers/docker
    mv "$work/root" build/peers/docker
  fi
  rm -rf "$work"
}
if [ "$with_peers" = yes ] && [ ! -x build/peers/docker/usr/sbin/dockerd ] && have apt-get; then
  say "unpacking Debian's docker for tests in build/peers"
  unpack_docker
  [ -x build/peers/docker/usr/sbin/dockerd ] || say "cannot get docker: tests that need it will be skipped"
fi

# A stamp holds the checksum of what the step was made from: it is stale when that changes, whatever the clocks say.
fresh() { [ -e "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$(cat "${@:2}" | sha256sum)" ]; }
stamp() { cat "${@:2}" | sha256sum >"$stamps/$1"; }

npm_sources=(package-lock.json package.json .npmrc)
if [ ! -x node_modules/.bin/node ] || ! fresh npm "${npm_sources[@]}"; then
  say "installing npm packages (npm $(npm --version))"
  npm ci --no-audit --no-fund --loglevel=error
  # Debian's npm (9.2) takes the runtime's link away again, together with that of the other architecture's, which it leaves out.
  for runtime in node_modules/node-linux-*/bin/node; do
    [ -x node_modules/.bin/node ] || [ ! -x "$runtime" ] || ln -sfn "../${runtime#node_modules/}" node_modules/.bin/node
  done
  if ! [ -x node_modules/.bin/node ]; then
    say "no runtime came with the packages: is this $(uname -m)? There is one for x86_64 and aarch64" >&2
    exit 1
  fi
  say "runtime: node $(node_modules/.bin/node --version)"
  stamp npm "${npm_sources[@]}"
fi

if [ ! -x .venv/bin/python ] || ! fresh venv scripts/requirements.txt; then
  say "making .venv with ZODB, for the tests that compare with it"
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement scripts/requirements.txt
  stamp venv scripts/requirements.txt
fi

say "ready"
