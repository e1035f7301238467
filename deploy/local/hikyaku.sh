# ./dev hikyaku: the operators' command line (tools/Hikyaku, docs/command-line.md) on this copy, by an API token of its own.
# Sourced, never run.

run_hikyaku() {
    local program=$HIKYAKU_HOME/bin/hikyaku/hikyaku token_file=$HIKYAKU_HOME/secrets/hikyaku-token gateway
    # Root reads the secrets.
    require_root hikyaku "$@"
    [[ -f $HIKYAKU_HOME/endpoints.json && -x $program ]] || fail "Run ./dev up first."
    gateway=$(endpoint gateway)
    if [[ -s $token_file ]] && hikyaku_token_ended; then rm "$token_file"; fi
    make_secret "$token_file" new_hikyaku_token
    exec env -u HIKYAKU_TOKEN DOTNET_ROOT="$(setting_of "$HIKYAKU_HOME/settings/accounts" DOTNET_ROOT)" \
        HIKYAKU_API="$gateway" HIKYAKU_TOKEN_FILE="$token_file" "$program" "$@"
}

# It ends after a year, and with the operator's password.
hikyaku_token_ended() {
    [[ $(curl -s -o /dev/null -w '%{http_code}' -K <(printf 'header = "Authorization: Bearer %s"\n' "$(<"$token_file")") "$gateway/api/v1/me") == 401 ]]
}

# What the commands need, and nothing else.
hikyaku_scopes='["accounts:read","domains:read","events:read","history:read","jobs:read","jobs:write","mail:read","platform:read","restrictions:read","restrictions:write"]'

new_hikyaku_token() {
    local token answer status text
    token=$(seed_token)
    ask POST /api/v1/tokens "{\"name\":\"./dev hikyaku\",\"scopes\":$hikyaku_scopes,\"expiresAt\":\"$(date -u -d '+365 days' +%FT%TZ)\"}"
    expect "The API token" 201
    text=$(jq -r .token <<<"$answer")
    ask DELETE /api/v1/sessions/current
    expect "Signing out" 204
    printf '%s\n' "$text"
}
