# ./dev verify and rebuild: every service judges, or makes anew, its own read models by a verb of its own program; hikyaku verify
# compares history, feed and mail nodes. All of it on this copy, with the settings that its programs run with. Sourced, never run.

# Any arguments are the programs', like --wait 60. Ends with 0, 1 when something disagrees, 2 when something could not be looked at.
verify() {
    local name result=0
    [[ -x $(program_of verify) ]] || fail "Run ./dev up first."
    # Root reads the replicas and the settings.
    require_root verify "$@"
    for name in $(services_with verbs verify); do
        call_service "$name" verify "$@" || result=$(larger "$result" $?)
    done
    verify_nodes_and_feed "$@" || result=$(larger "$result" $?)
    return "$result"
}

larger() { echo $(($1 > $2 ? $1 : $2)); }

verify_nodes_and_feed() {
    local settings folder replicas=()
    for settings in "$HIKYAKU_HOME"/settings/mailnode*; do
        # The settings of a second node are there whether it runs or not.
        [[ $settings != */mailnode2 || $nodes == 2 ]] || continue
        folder=$(setting_of "$settings" Hikyaku__NodeHome)
        [[ -z $folder ]] || replicas+=(--node "$(setting_of "$settings" Hikyaku__Node)=$folder")
    done
    # In the environment: a command line would show the password.
    env DOTNET_ROOT="$(setting_of "$HIKYAKU_HOME/settings/accounts" DOTNET_ROOT)" \
        ConnectionStrings__Postgres="$(setting_of "$HIKYAKU_HOME/settings/accounts" ConnectionStrings__Postgres)" \
        ConnectionStrings__Feed="$(setting_of "$HIKYAKU_HOME/settings/feed" ConnectionStrings__Postgres)" \
        "$(program_of verify)" "${replicas[@]}" "$@"
}

rebuild() {
    local name result=0
    (($# == 0)) || fail "./dev rebuild makes all read models anew; it takes no arguments."
    require_root rebuild
    for name in $(services_with verbs rebuild); do
        [[ -x $(program_of "$name") ]] || fail "Run ./dev up first."
        call_service "$name" rebuild || result=$(larger "$result" $?)
    done
    return "$result"
}

# setting_of FILE NAME: one of the assignments that settings.sh writes.
setting_of() (
    unset "$2"
    # shellcheck source=/dev/null
    . "$1"
    printf %s "${!2:-}"
)
