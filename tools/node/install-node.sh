#!/bin/sh
# Installs a Longspan node as a systemd service. May be run again at any time: after a failure, to change options, to
# bring a newer program. Every file is made beside its place and then moved into it, so wherever a run ends, the next
# one finishes it, and what runs meanwhile is the old node or the new one.
set -eu
umask 022

usage() {
  cat <<'TEXT'
Usage: install-node.sh [OPTIONS] [-- NODE-OPTIONS]

  --from DIR              folder with the program (longspan.dll); default: the build in this checkout
  --join-token TOKEN      what 'longspan join-token create' printed, for a machine of your own that has not joined yet; may also
                          be given as LONGSPAN_JOIN_TOKEN in the environment, where other users of this machine do not see it
  --endpoint URL          base URL of the server; needed the first time, unless there is a join token, which names it
  --ca FILE               PEM file of the authority behind the server's certificate, where no join token pins it
  --activation-id ID      hybrid activation, in place of a join token
  --activation-code CODE  its code; may also be given as LONGSPAN_ACTIVATION_CODE in the environment
  --credentials FILE      AWS shared-credentials file, for cloud capacity
  --root DIR              install below DIR and leave the running system alone
  --no-start              install, and do not start
  --uninstall             stop and remove the node; its state stays unless --purge is given
  --purge                 with --uninstall: remove the state, too. The machine must then join anew

NODE-OPTIONS are passed on as they are: --name, --cluster, --region, --site, --attribute, --reserved-memory,
--drain-on-shutdown and so on; 'longspan node --help' lists them. Given again, they replace the earlier ones.
TEXT
}

fail() {
  echo "install-node: $1" >&2
  [ -z "${2:-}" ] || echo "              $2" >&2
  exit "${3:-1}"
}

say() { echo "install-node: $*"; }

from='' endpoint='' token=${LONGSPAN_JOIN_TOKEN:-} authority='' id='' code=${LONGSPAN_ACTIVATION_CODE:-} credentials='' root='' start=yes remove=no purge=no given=no options=''
word() {
  case $2 in
    '') fail "$1 needs a value." '' 2 ;;
    *[[:space:]\"\'\\\$\`]*) fail "$1 may hold no spaces, quotes, dollar signs or backslashes." '' 2 ;;
  esac
}
while [ $# -gt 0 ]; do
  case $1 in
    --from | --endpoint | --join-token | --ca | --activation-id | --activation-code | --credentials | --root)
      [ $# -ge 2 ] || fail "$1 needs a value." '' 2
      word "$1" "$2"
      case $1 in
        --from) from=$2 ;;
        --endpoint) endpoint=$2 ;;
        --join-token) token=$2 ;;
        --ca) authority=$2 ;;
        --activation-id) id=$2 ;;
        --activation-code) code=$2 ;;
        --credentials) credentials=$2 ;;
        --root) root=${2%/} ;;
      esac
      shift 2 ;;
    --no-start) start=no; shift ;;
    --uninstall) remove=yes; shift ;;
    --purge) purge=yes; shift ;;
    --help | -h) usage; exit 0 ;;
    --)
      shift
      given=yes
      for option in "$@"; do
        word "A node option" "$option"
        options="$options $option"
      done
      break ;;
    *) fail "$1 is not understood." "'install-node.sh --help' lists the options; options of the node come after '--'." 2 ;;
  esac
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
program=$root/opt/longspan
config=$root/etc/longspan
state=$root/var/lib/longspan-node
unit=$root/etc/systemd/system/longspan-node.service
command=$root/usr/local/bin/longspan
managed=no
[ -n "$root" ] || [ ! -d /run/systemd/system ] || managed=yes

[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "This needs root." "Run it with sudo, or try it out below a folder with --root DIR."

if [ "$remove" = yes ]; then
  if [ "$managed" = yes ] && [ -e "$unit" ]; then
    systemctl disable --now longspan-node.service || fail "The node could not be stopped." "See 'systemctl status longspan-node', then run this again."
  fi
  rm -f -- "$unit" "$command"
  rm -rf -- "$program" "$config"
  # What the node has told the engine of the server's registry, for each address that it had.
  for registry in "$root"/etc/docker/certs.d/*/longspan.crt; do
    rm -f -- "$registry"
    rmdir -- "$(dirname "$registry")" 2>/dev/null || true
  done
  [ "$managed" = no ] || systemctl daemon-reload
  if [ "$purge" = yes ]; then
    rm -rf -- "$state"
    say "removed, with its state. Deregister the instance on the server: aws ecs deregister-container-instance --force"
  else
    say "removed. Its containers run on, and its state is kept in $state"
  fi
  exit 0
fi

# Everything that can be refused is refused before anything is changed. What is not given again stays as it is.
[ -n "$from" ] || from=$here/../../src/Cli/bin/Release/net10.0
[ -f "$from/longspan.dll" ] || fail "$from has no longspan.dll." "Build it ('./longspan version' in a checkout does), or name its folder with --from."
case $token in
  '' | lsj1.*) ;;
  *) fail "The join token is not one." "Give what 'longspan join-token create' printed, all of its one line." 2 ;;
esac
[ -z "$token" ] || word "The join token" "$token"
[ -z "$token" ] || [ -z "$id$code" ] || fail "A join token has an activation in it; another was given beside it." "Give one of them." 2
# A token names its server; an address of an earlier run does not overrule it.
[ -n "$endpoint" ] || [ -n "$token" ] || endpoint=$(sed -n 's/^AWS_ENDPOINT_URL=//p' "$config/node.env" 2>/dev/null || true)
[ -n "$endpoint" ] || [ -n "$token" ] || [ -e "$state/server.json" ] || grep -q '^LONGSPAN_JOIN_TOKEN=' "$config/activation.env" 2>/dev/null ||
  fail "The server is not named." "Give --join-token TOKEN or --endpoint URL."
[ "$given" = yes ] || options=$(sed -n 's/^LONGSPAN_NODE_OPTIONS=//p' "$config/node.env" 2>/dev/null || true)
[ -z "$credentials" ] || [ -r "$credentials" ] || fail "$credentials cannot be read."
[ -z "$authority" ] || [ -r "$authority" ] || fail "$authority cannot be read."
if [ -n "$id$code" ]; then
  [ -n "$id" ] && [ -n "$code" ] || fail "An activation has an id and a code; only one was given." "Give both --activation-id and --activation-code." 2
elif [ -z "$token$credentials" ] && [ ! -e "$config/activation.env" ] && [ ! -e "$config/credentials" ] && [ ! -e "$state/identity.json" ]; then
  fail "This machine has not joined and was given nothing to join with." "Give --join-token, or --activation-id and --activation-code, or --credentials."
fi

folder() {
  [ -d "$1" ] || mkdir -p -- "$1"
  chmod "$2" "$1"
}

# Noted on disk and before the change, so that the run after one that was killed still knows to start the node anew.
changing() { : >"$config/restart-due"; }

# Moves what was made beside its place into it, if it differs from what is there.
place() {
  chmod "$2" "$1.next"
  if [ -e "$1" ] && cmp -s "$1.next" "$1" && [ "$(stat -c %a "$1")" = "${2#0}" ]; then
    rm -f -- "$1.next"
  else
    changing
    mv -f -- "$1.next" "$1"
  fi
}

# 1. The program, in a folder named by its content; a link says which one is current.
folder "$config" 700
digest=$(cd "$from" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
folder "$program" 755
if [ ! -d "$program/$digest" ]; then
  rm -rf -- "$program/next"
  cp -R -- "$from" "$program/next"
  chmod -R u=rwX,go=rX "$program/next"
  mv -- "$program/next" "$program/$digest"
fi
if [ "$(readlink "$program/current" 2>/dev/null || true)" != "$digest" ]; then
  changing
  rm -f -- "$program/current.next"
  ln -s -- "$digest" "$program/current.next"
  mv -fT -- "$program/current.next" "$program/current"
fi
# The one before stays for a way back; older ones go.
find "$program" -mindepth 1 -maxdepth 1 -type d ! -name "$digest" -printf '%T@ %p\n' | LC_ALL=C sort -rn | tail -n +2 | cut -d' ' -f2- |
  while IFS= read -r old; do rm -rf -- "$old"; done
folder "$(dirname "$command")" 755
cat >"$command.next" <<'TEXT'
#!/bin/sh
command -v dotnet >/dev/null || { echo "longspan: the .NET 10 runtime is needed and 'dotnet' is not on PATH" >&2; exit 1; }
exec dotnet /opt/longspan/current/longspan.dll "$@"
TEXT
place "$command" 0755

# 2. What it needs to know.
folder "$state" 700
if [ -n "$credentials" ]; then
  cat -- "$credentials" >"$config/credentials.next"
  place "$config/credentials" 0600
fi
if [ -n "$authority" ]; then
  cat -- "$authority" >"$config/ca.pem.next"
  place "$config/ca.pem" 0644
elif [ -n "$token" ] && [ -e "$config/ca.pem" ]; then
  # A token says by itself whom to trust.
  changing
  rm -f -- "$config/ca.pem"
fi
options=$(echo "$options" | sed 's/--credentials [^ ]*//g; s/--ca [^ ]*//g; s/  */ /g; s/^ //; s/ $//')
[ ! -e "$config/credentials" ] || options="$options --credentials /etc/longspan/credentials"
[ ! -e "$config/ca.pem" ] || options="$options --ca /etc/longspan/ca.pem"
{
  [ -z "$endpoint" ] || printf 'AWS_ENDPOINT_URL=%s\n' "$endpoint"
  printf 'LONGSPAN_NODE_OPTIONS=%s\n' "${options# }"
} >"$config/node.env.next"
place "$config/node.env" 0600
# Neither token nor code is ever on the node's command line, where every user of the machine could read it.
if [ -n "$token" ]; then
  printf 'LONGSPAN_JOIN_TOKEN=%s\n' "$token" >"$config/activation.env.next"
  place "$config/activation.env" 0600
elif [ -n "$id" ] || [ -n "$code" ]; then
  printf 'LONGSPAN_ACTIVATION_ID=%s\nLONGSPAN_ACTIVATION_CODE=%s\n' "$id" "$code" >"$config/activation.env.next"
  place "$config/activation.env" 0600
fi

# 3. The service.
folder "$(dirname "$unit")" 755
cat "$here/longspan-node.service" >"$unit.next"
place "$unit" 0644
if [ "$managed" = yes ] && [ "$start" = yes ]; then
  systemctl daemon-reload
  systemctl enable longspan-node.service
  verb=start
  [ ! -e "$config/restart-due" ] || verb=restart
  systemctl "$verb" longspan-node.service || fail "The node did not start." "See 'journalctl -u longspan-node' and 'longspan node doctor'."
  rm -f -- "$config/restart-due"
  say "the node runs; 'journalctl -fu longspan-node' follows it"
elif [ "$managed" = yes ]; then
  systemctl daemon-reload
  say "installed; 'systemctl enable --now longspan-node' starts it"
else
  say "installed below ${root:-/}; no service was started"
fi
