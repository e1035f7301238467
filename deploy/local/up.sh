# ./dev up, down, status and logs. Sourced, never run.

up() {
    require_supported_machine
    require_root up
    mkdir -p "$HIKYAKU_HOME/logs"
    exec {lock}>"$HIKYAKU_HOME/lock"
    flock -n "$lock" || fail "Another ./dev up or down of $HIKYAKU_HOME is under way."
    echo "$nodes" >"$HIKYAKU_HOME/nodes"
    install_packages
    require_supported_servers
    require_traversable_home
    publish_programs
    make_secrets
    configure_rabbitmq
    write_settings
    render_mail_servers
    "$repo/webmail/config/render.sh" || fail "The configuration of webmail could not be made."
    write_supervisor_configuration
    if supervisor_runs; then
        broker_first update_programs
    else
        rm -f "$HIKYAKU_HOME/endpoints.json"
        end_everything
        require_free_ports
        broker_first start_supervisor
    fi
    wait_until_ready
    write_endpoints
    print_addresses
}

# PostgreSQL, RabbitMQ and Dovecot work below it as users of their own.
require_traversable_home() {
    local folder=$HIKYAKU_HOME
    while [[ $folder != / ]]; do
        (( 0$(stat -c %a "$folder") & 1 )) ||
            fail "Other users cannot pass through $folder, and servers run as users of their own." \
                "Say chmod o+x $folder, or set HIKYAKU_HOME to another folder."
        folder=$(dirname "$folder")
    done
}

update_programs() {
    # Prints only what changed, and starts that again.
    supervise update
    # What somebody stopped by hand.
    not_ready >/dev/null || supervise start all >/dev/null || true
}

# broker_first COMMAND: the programs that it starts begin when the broker answers (start/dotnet). One that is just connecting
# when the broker goes may never become ready.
broker_first() {
    touch "$HIKYAKU_HOME/starting"
    trap 'rm -f "$HIKYAKU_HOME/starting"' EXIT
    "$@"
    wait_for_broker
    rm "$HIKYAKU_HOME/starting"
}

# Only gives it the first place; whether it answers in the end is asked with all the others.
wait_for_broker() {
    local end=$((SECONDS + 60))
    until is_ready tcp "$PORT_RABBIT" || ((SECONDS > end)); do
        sleep 0.1
    done
}

require_free_ports() {
    local name taken=()
    for name in "${!PORT_@}" "${!PORT2_@}"; do
        ! is_ready tcp "${!name}" || taken+=("${!name}")
    done
    ((${#taken[@]} == 0)) || fail "Another program listens on ${taken[*]}." \
        "Set HIKYAKU_PORT_BASE (now $HIKYAKU_PORT_BASE) to another number."
}

render_mail_servers() {
    local networks=(HIKYAKU_WEBMAIL_NETWORKS="$webmail_source/32") name
    export HIKYAKU_POSTMASTER=${HIKYAKU_POSTMASTER:-operator@hikyaku.example}
    # On one machine the nodes have one address.
    ((nodes == 1)) || networks+=(HIKYAKU_NODE_NETWORKS=127.0.0.0/8)
    env "${networks[@]}" "$repo/mailnode/config/render.sh" || fail "The configuration of Postfix, Dovecot and Rspamd could not be made."
    ((nodes == 2)) || return 0
    local second=()
    for name in "${!PORT2_@}"; do
        second+=("PORT_${name#PORT2_}=${!name}")
    done
    env "${networks[@]}" "${second[@]}" HIKYAKU_NODE_FOLDER=mailnode2 "$repo/mailnode/config/render.sh" ||
        fail "The configuration of the second Postfix, Dovecot and Rspamd could not be made."
}

print_addresses() {
    local name address
    while read -r name address; do
        printf '%-19s %s\n' "$name" "$address"
    done < <(jq -r 'to_entries[] | "\(.key) \(.value)"' "$HIKYAKU_HOME/endpoints.json")
    printf '\nlogin     operator\npassword  %s\n' "$(<"$HIKYAKU_HOME/operator-password")"
}

down() {
    require_root down
    [[ -d $HIKYAKU_HOME ]] || return 0
    rm -f "$HIKYAKU_HOME/endpoints.json"
    local supervisor
    supervisor=$(supervisor_process)
    if [[ -n $supervisor ]]; then
        # All at once; a shutdown alone would end one after the other.
        supervise stop all >/dev/null
        supervise shutdown >/dev/null
        while [[ -d /proc/$supervisor ]]; do
            sleep 0.1
        done
    fi
    end_everything
    remove_login_key
}

# What render.sh has put into memory; passwords are hashed once more after the next start.
remove_login_key() {
    local node memory
    for node in mailnode mailnode2; do
        memory=$(readlink "$HIKYAKU_HOME/$node/dovecot/memory") && [[ -O $memory ]] || continue
        rm -f "$memory"/{login.key,sql.conf}
        rmdir "$memory"
    done
}

# Nothing is left of this copy afterwards, even when its supervisor was killed.
end_everything() {
    local name
    for name in "${all_programs[@]}"; do
        end_processes_of "$name"
    done
    # The Erlang virtual machine started it, in the background.
    ERL_EPMD_PORT=$PORT_EPMD epmd -kill >/dev/null 2>&1 || true
}

status() {
    require_root status
    supervisor_runs || fail "Not running: $HIKYAKU_HOME"
    local missing result=0
    supervise status || result=1
    missing=$(not_ready) || {
        echo "not ready: $(names_in "$missing")"
        why_not_ready "$missing"
        result=1
    }
    ((result)) || echo "all ready"
    return "$result"
}

logs() {
    local file=$HIKYAKU_HOME/logs/${1:-}.log names
    if [[ -z ${1:-} || ! -f $file ]]; then
        names=$(cd "$HIKYAKU_HOME/logs" 2>/dev/null && ls -- *.log 2>/dev/null | sed 's/\.log$//' | tr '\n' ' ') || true
        fail "./dev logs NAME, where NAME is one of: ${names:-none yet}"
    fi
    if [[ -t 1 ]]; then
        tail -n 50 -F "$file"
    else
        tail -n 200 "$file"
    fi
}
