# ./dev verify and rebuild: hikyaku verify, and the accounts service's read models made anew, on this copy, with the settings
# that its programs run with. Sourced, never run.

# Any further arguments are the program's, like --wait 60.
verify() {
    local settings folder replicas=()
    [[ -x $HIKYAKU_HOME/bin/verify/Verify ]] || fail "Run ./dev up first."
    # Root reads the replicas and the settings.
    require_root verify "$@"
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
        "$HIKYAKU_HOME/bin/verify/Verify" "${replicas[@]}" "$@"
}

rebuild() {
    (($# == 0)) || fail "./dev rebuild makes all read models anew; it takes no arguments."
    [[ -x $HIKYAKU_HOME/bin/accounts/Accounts ]] || fail "Run ./dev up first."
    require_root rebuild
    env DOTNET_ROOT="$(setting_of "$HIKYAKU_HOME/settings/accounts" DOTNET_ROOT)" \
        ConnectionStrings__Postgres="$(setting_of "$HIKYAKU_HOME/settings/accounts" ConnectionStrings__Postgres)" \
        "$HIKYAKU_HOME/bin/accounts/Accounts" rebuild
}

# setting_of FILE NAME: one of the assignments that settings.sh writes.
setting_of() (
    unset "$2"
    # shellcheck source=/dev/null
    . "$1"
    printf %s "${!2:-}"
)
