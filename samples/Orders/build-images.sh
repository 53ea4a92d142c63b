#!/bin/sh
# Builds the images of the three services: NAME/web:TAG, NAME/api:TAG, NAME/processor:TAG.
# Works without a registry: when no base image is given or reachable, one is assembled from the distribution's packages, or as a
# last resort from this machine's own libraries, together with the installed .NET runtime. Nothing is rebuilt without a reason.
set -eu

usage() {
  cat <<EOF
usage: build-images.sh [--prefix NAME] [--tag TAG] [--base IMAGE]
  --prefix NAME  image name before the slash (default: orders)
  --tag TAG      image tag (default: dev)
  --base IMAGE   ASP.NET Core 10 base image (default: \$BASE_IMAGE, else the public one if reachable, else one made here)
EOF
}

prefix=orders tag=dev base=${BASE_IMAGE:-}
while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --tag | --base)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in --prefix) prefix=$2 ;; --tag) tag=$2 ;; --base) base=$2 ;; esac
      shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$here/artifacts/images
say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

command -v dotnet >/dev/null || fail "the .NET 10 SDK is not on the PATH"
command -v docker >/dev/null || fail "the docker client is not on the PATH"
docker version >/dev/null 2>&1 || fail "no Docker engine answers"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# The image that the SDK itself would build upon, pulled if its registry answers within a moment.
pull_public() {
  public=$(dotnet msbuild "$here/Web/Web.csproj" -t:ComputeContainerBaseImage -getProperty:ContainerBaseImage 2>/dev/null) || return 1
  command -v curl >/dev/null && curl -fsS -m 3 -o /dev/null "https://${public%%/*}/v2/" 2>/dev/null || return 1
  say "base     pulling $public"
  docker pull -q "$public" >/dev/null 2>&1 && docker tag "$public" "$1"
}

# ---- a base image made here ----

dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")
runtime=$(ls "$dotnet_root/shared/Microsoft.AspNetCore.App" | grep '^10\.' | sort -V | tail -1)
[ -n "$runtime" ] || fail "the ASP.NET Core 10 runtime is not installed beside the SDK"

from_packages() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  ssl=libssl3
  apt-cache show $ssl >/dev/null 2>&1 || ssl=libssl3t64
  mkdir "$work/debs" && chmod 755 "$work" "$work/debs"
  (cd "$work/debs" && apt-get download -qq libc6 libgcc-s1 libstdc++6 $ssl zlib1g ca-certificates tzdata) >/dev/null 2>&1 || return 1
  for deb in "$work"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$1" || return 1
  done
  find "$1/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$1/etc/ssl/certs/ca-certificates.crt"
}

# The shared libraries that dotnet loads on this machine. OpenSSL is opened at run time, so it is named.
from_this_machine() {
  shared=$dotnet_root/shared
  for object in "$dotnet_root/dotnet" "$dotnet_root"/host/fxr/"$runtime"/*.so "$shared"/Microsoft.NETCore.App/"$runtime"/*.so; do
    ldd "$object" 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-[^ ]*\) .*/\1/p'
  done >"$work/needed"
  ldconfig -p | sed -n 's/.*lib\(ssl\|crypto\)\.so\.3 .*=> //p' >>"$work/needed"
  grep -q 'libssl' "$work/needed" || return 1
  grep -v "^$dotnet_root/" "$work/needed" | sort -u | while read -r library; do
    mkdir -p "$1$(dirname "$library")"
    cp -L "$library" "$1$library"
  done
  [ ! -f /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

new_root() {
  rm -rf "$work/root"
  mkdir -p "$work/root" && cd "$work/root"
  mkdir -p usr/lib usr/lib64 usr/bin etc/ssl/certs app tmp
  chmod 1777 tmp
  ln -s usr/lib lib && ln -s usr/lib64 lib64 && ln -s usr/bin bin
}

make_base() {
  say "base     making $1 from .NET $runtime"
  new_root
  if ! from_packages "$work/root"; then
    say "base     packages are not reachable; using this machine's libraries"
    new_root
    from_this_machine "$work/root" || fail "could not collect the libraries of dotnet; pass --base IMAGE"
  fi
  cd "$work/root"
  rm -rf usr/share/doc usr/share/man usr/share/lintian usr/share/locale usr/share/ca-certificates usr/lib/*/gconv
  printf 'root:x:0:0::/:/sbin/nologin\napp:x:1654:1654::/app:/sbin/nologin\n' >etc/passwd
  printf 'root:x:0:\napp:x:1654:\n' >etc/group
  mkdir -p usr/share/dotnet/host/fxr usr/share/dotnet/shared
  cp -a "$dotnet_root/dotnet" usr/share/dotnet/
  cp -a "$dotnet_root/host/fxr/$runtime" usr/share/dotnet/host/fxr/
  for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    mkdir "usr/share/dotnet/shared/$framework"
    cp -a "$dotnet_root/shared/$framework/$runtime" "usr/share/dotnet/shared/$framework/"
  done
  ln -s ../share/dotnet/dotnet usr/bin/dotnet
  tar -c --owner=0 --group=0 --numeric-owner --sort=name . | docker import -c 'WORKDIR /app' \
    -c 'ENV PATH=/usr/bin DOTNET_RUNNING_IN_CONTAINER=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true ASPNETCORE_HTTP_PORTS=8080 APP_UID=1654' \
    - "$1" >/dev/null
  cd "$here"
}

if [ -z "$base" ]; then
  base=orders-dotnet-base:$runtime
  has_image "$base" || pull_public "$base" || make_base "$base"
elif ! has_image "$base"; then
  say "base     pulling $base"
  docker pull -q "$base" >/dev/null || fail "cannot pull the base image $base"
fi
base_id=$(docker image inspect -f '{{.Id}}' "$base")

# ---- what has to be built ----

# A label carries the hash of what goes in: the service's sources, what all share, this script, runtime and base image. A service whose
# image has it is left alone, so that its image keeps its id and a run without changes costs nothing.
sources_hash() {
  { printf '%s\n' "$base_id" "$runtime"
    cd "$here" && find "$1" Core Directory.Build.props build-images.sh \( -name bin -o -name obj \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum | cut -d' ' -f1
}
image_of() { printf '%s/%s:%s' "$prefix" "$(printf %s "$1" | tr '[:upper:]' '[:lower:]')" "$tag"; }

stale=
for project in Web Api Processor; do
  image=$(image_of "$project")
  if [ "$(docker image inspect -f '{{index .Config.Labels "orders.sources"}}' "$image" 2>/dev/null)" = "$(sources_hash "$project")" ]; then
    say "image    $image unchanged"
  else
    stale="$stale $project"
  fi
done
[ -n "$stale" ] || exit 0
say "base     $base"

# ---- publish, then one layer per service ----

# No compiler server: it would outlive this script and hold its output open.
for project in $stale; do
  image=$(image_of "$project")
  folder=$out/$project
  say "publish  $project"
  rm -rf "$folder"
  DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 dotnet publish "$here/$project/$project.csproj" -c Release -v q -nodeReuse:false \
    -p:UseSharedCompilation=false -o "$folder/app" >"$work/publish.log" 2>&1 ||
    { cat "$work/publish.log" >&2; fail "publishing $project failed"; }
  find "$folder/app/runtimes" -mindepth 1 -maxdepth 1 ! -name linux-x64 ! -name linux-arm64 -exec rm -rf {} + 2>/dev/null || true
  rm -f "$folder"/app/*.pdb
  mkdir "$folder/data"
  : >"$folder/data/.keep" # A named volume takes over the owner of this folder, which is how user 1654 may write to it.
  cat >"$folder/Dockerfile" <<EOF
FROM $base
WORKDIR /app
COPY --chown=1654:1654 data /data
COPY app .
USER 1654
EXPOSE 8080
ENTRYPOINT ["dotnet", "Orders.$project.dll"]
EOF
  DOCKER_BUILDKIT=0 docker build -q --label "orders.sources=$(sources_hash "$project")" -t "$image" "$folder" >"$work/docker.log" 2>&1 ||
    { cat "$work/docker.log" >&2; fail "building $image failed"; }
  say "image    $image built"
done
