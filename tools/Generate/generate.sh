#!/bin/sh
# Writes C# from the AWS models. Run as `./dev generate`.
#   generate                      models/ and claims -> src/Api/Generated (offline, needs the .NET SDK only)
#   generate --check              the same, but only compares, and fails on a difference
#   generate --models [SERVICE…]  first reads the models anew from the pinned npm packages (needs node and npm)
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
tested="$root/tests/Core.Tests/Wire/Models"

if [ "${1:-}" = --models ]; then
    shift
    cache="${XDG_CACHE_HOME:-$HOME/.cache}/longspan/models"
    mkdir -p "$cache"
    if ! cmp -s "$here/package-lock.json" "$cache/package-lock.json" || [ ! -f "$cache/complete" ]; then
        rm -f "$cache/complete"
        cp "$here/package.json" "$here/package-lock.json" "$cache/"
        # Scripts of packages never run: what we want from them is data.
        (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        : > "$cache/complete"
    fi
    node --no-warnings "$here/extract.mjs" "$root/models" "$cache" "$@"
    node --no-warnings "$here/extract.mjs" "$tested" "$cache" "$@"
    set --
fi

exec dotnet run --project "$here" -v quiet -- "$@" \
    "$root/models" "$root/src/Api/Generated" "$tested" "$root/tests/Core.Tests/Wire/Generated"
