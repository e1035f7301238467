#!/bin/bash
# add.sh REPOSITORY: adds the service to a copy of the sources. What follows the first command is all that a service changes
# outside its own folders, but for its tests.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$1"

mkdir services/moods && cp -r "$here/Moods" "$here/Moods.Contracts" services/moods/
rm -rf services/moods/*/{bin,obj}

printf 'moods\tservices/moods/Moods\t19\tmoods\tevents,states\tlists\terases\ttoken,data\tverify,rebuild\n' >>deploy/services.tsv
cp "$here/Outside/MoodsRoutes.cs" gateway/Gateway/Routing/Routes/
cp "$here/Outside/MoodPart.cs" mailnode/MailNode/Parts/
sed -i 's|</Project>|  <ItemGroup>\n    <ProjectReference Include="../../services/moods/Moods.Contracts/Moods.Contracts.csproj" />\n  </ItemGroup>\n</Project>|' \
    mailnode/MailNode/MailNode.csproj
