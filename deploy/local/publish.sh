# Publishes the .NET programs to $HIKYAKU_HOME/bin when a source is newer. Sourced, never run.

publish_programs() {
    local sources log=$HIKYAKU_HOME/logs/publish.log started=$SECONDS name built=false
    [[ ${HIKYAKU_BUILT:-} != "$repo" ]] || built=true # by ./dev test, just now
    sources=$(hash_of_sources)
    [[ -s $HIKYAKU_HOME/bin/sources && $(<"$HIKYAKU_HOME/bin/sources") == "$sources" ]] && return
    require_dotnet
    echo "Publishing the programs"
    rm -rf "$HIKYAKU_HOME/bin.new"
    # One at a time, as copies of one checkout share obj/. Closed locks (-o, {lock}), as a compiler that
    # stays in the background would hold them.
    MSBUILDDISABLENODEREUSE=1 flock -o "$repo/deploy/local/publish.sh" \
        dotnet msbuild "$repo/deploy/local/publish.proj" -nologo -m -v:minimal "-p:PublishFolder=$HIKYAKU_HOME/bin.new" -p:Built=$built \
        </dev/null >"$log" 2>&1 {lock}>&- ||
        fail "The programs could not be built; the end of $log:" "$(grep -E 'error|warning' "$log" | sort -u | tail -n 20)"

    # A program that is the same as before goes on running.
    for name in $(ls "$HIKYAKU_HOME/bin.new"); do
        hash_of_folder "$HIKYAKU_HOME/bin.new/$name" >"$HIKYAKU_HOME/bin.new/$name.hash"
        cmp -s "$HIKYAKU_HOME/bin.new/$name.hash" "$HIKYAKU_HOME/bin/$name.hash" && continue
        # Renamed, not overwritten: the running program has these files mapped into its memory.
        mkdir -p "$HIKYAKU_HOME/bin" "$HIKYAKU_HOME/bin.old"
        [[ ! -e $HIKYAKU_HOME/bin/$name ]] || mv "$HIKYAKU_HOME/bin/$name" "$HIKYAKU_HOME/bin.old/$name"
        mv "$HIKYAKU_HOME/bin.new/$name" "$HIKYAKU_HOME/bin.new/$name.hash" "$HIKYAKU_HOME/bin/"
    done
    rm -rf "$HIKYAKU_HOME/bin.new" "$HIKYAKU_HOME/bin.old"
    echo "$sources" >"$HIKYAKU_HOME/bin/sources"
    echo "Published in $((SECONDS - started)) s"
}

# Contents, not times: a checkout of another branch and back builds nothing.
hash_of_sources() {
    (
        cd "$repo"
        git -c safe.directory="$repo" ls-files -z -co --exclude-standard -- \
            contracts services gateway mailnode panel webmail/WebmailEraser platform tools deploy/local/Outbox deploy/local/publish.proj deploy/services.tsv \
            '*.props' '*.targets' global.json '*.config' ':(exclude)*.md' ':(exclude)mailnode/config' |
            sort -zu | { xargs -0 sha256sum 2>/dev/null || true; } | sha256sum
    )
}

hash_of_folder() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum); }
