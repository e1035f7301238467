#!/bin/bash
# Builds all images of one release with podman: hikyaku/NAME:VERSION.
#
# Environment:
#   VERSION       the tag and the label
#   BASE          ASP.NET Core 10 with ICU, for the programs; one without a shell will do
#   MAIL_BASE     the same on Debian 12, for mail nodes
#   DEBIAN_BASE   Debian 12, for webmail
#   TOOLS         optional: an image with a shell, where BASE has none
set -euo pipefail
repo=$(cd "$(dirname "$0")/../.." && pwd)
: "${VERSION:?}" "${BASE:?}" "${MAIL_BASE:?}" "${DEBIAN_BASE:?}"
. "$repo/deploy/local/services.sh"
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT

image() { podman build -q --build-arg "VERSION=$VERSION" -t "hikyaku/$1:$VERSION" -f "$repo/deploy/images/$2/Containerfile" "${@:3}"; }

dotnet msbuild "$repo/deploy/local/publish.proj" -nologo -m -v:minimal "-p:PublishFolder=$programs"
for name in $(services_with port); do
    # The outbox stands for the internet on developers' machines only.
    [[ $name != mailnode && $name != outbox ]] || continue
    project=${service_value["$name project"]}
    image "$name" program --build-arg "BASE=$BASE" --build-arg "TOOLS=${TOOLS:-$BASE}" --build-arg "PROGRAM=$name" --build-arg "EXECUTABLE=${project##*/}" "$programs"
done
image mailnode mailnode --build-arg "BASE=$MAIL_BASE" --build-context "programs=$programs" "$repo"
image webmail webmail --build-arg "BASE=$DEBIAN_BASE" "$repo"
