# RabbitMQ's configuration: virtual hosts, users and their rights are imported by the broker when it
# starts, so that no client ever meets it without them and no user guest is made. Sourced, never run.

configure_rabbitmq() {
    local home=$HIKYAKU_HOME/rabbitmq
    install -d -o rabbitmq -g rabbitmq -m 700 "$home" "$home/log"
    (
        umask 077
        echo '[rabbitmq_management].' >"$home/enabled_plugins"
        : >"$home/rabbitmq-env.conf"
        rabbitmq_settings >"$home/rabbitmq.conf"
        rabbitmq_definitions >"$home/definitions.json"
    )
    chown rabbitmq:rabbitmq "$home"/{enabled_plugins,rabbitmq-env.conf,rabbitmq.conf,definitions.json}
}

rabbitmq_settings() {
    cat <<CONF
listeners.tcp.1 = 127.0.0.1:$PORT_RABBIT
management.tcp.ip = 127.0.0.1
management.tcp.port = $PORT_RABBIT_MANAGEMENT
load_definitions = $HIKYAKU_HOME/rabbitmq/definitions.json
log.console = true
log.console.level = info
log.console.use_colors = off
log.file = false
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
CONF
}

# A node reads states and reports facts, and nothing else: its own queues and exchanges, and those of
# the contracts that nodes publish. Password hashes are in the states: a service reaches its own states alone, and only
# to write. `management` is for people, at the broker's own pages; no program has it.
rabbitmq_definitions() {
    cat <<JSON
{
  "vhosts": [{ "name": "hikyaku" }, { "name": "nodes" }],
  "users": [
$(rabbitmq_users | with_commas)
  ],
  "permissions": [
$(rabbitmq_permissions | with_commas)
  ]
}
JSON
}

with_commas() { sed '$!s/$/,/'; }

mail_nodes() { seq -f 'mail%.0f' "$nodes"; }

rabbitmq_users() {
    local name
    rabbitmq_user management '"administrator"'
    for name in $(services_with broker events) $(mail_nodes); do
        rabbitmq_user "$name"
    done
}

rabbitmq_permissions() {
    local name
    for name in $(services_with broker events); do
        service_permissions "$name"
    done
    for name in $(mail_nodes); do
        node_permissions "$name"
    done
}

# What queues were called before their names began with their service's: it moves what waits there, by the default exchange.
declare -A former_queues=([accounts]='bulk-jobs|erasure|mail-data-deletion|mailbox-usage')

# Its own queues (NAME, NAME-…, with their _error and _skipped) and the exchanges of contracts.
service_permissions() {
    local events="^$1([-_].*)?\$"'|^Hikyaku\\..*|^MassTransit:.*' states write=
    if [[ -n ${former_queues[$1]:-} ]]; then
        events+="|^(${former_queues[$1]})(_error|_skipped)?\$" write='|^amq\\.default$'
    fi
    permission "$1" hikyaku "$events" "$events$write" "$events"
    service_has "$1" broker states || return 0
    # Its own states and the bookmark that all share, so that no service tells nodes what another one decides.
    states="^Hikyaku\\\\.($(basename "${service_value["$1 project"]}")\\\\.)?Contracts:.*"
    permission "$1" nodes "$states" "$states" '^$'
}

# rabbitmq_user NAME [TAG]
rabbitmq_user() {
    printf '    { "name": "%s", "password_hash": "%s", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [%s] }\n' \
        "$1" "$(hash_of_password "rabbit-$1")" "${2:-}"
}

node_permissions() {
    local node="^node-$1.*"'|^Hikyaku\\..*' facts='^Hikyaku\\.MailNode\\.Contracts:.*|'"^$1.*"
    permission "$1" nodes "$node" "$node" '.*'
    permission "$1" hikyaku "$facts" "$facts" "$facts"
}

# permission USER VHOST CONFIGURE WRITE READ
permission() { printf '    { "user": "%s", "vhost": "%s", "configure": "%s", "write": "%s", "read": "%s" }\n' "$@"; }

# RabbitMQ's form: base64 of a salt of four bytes and SHA-256 of salt and password. The salt comes from
# the password (256 random bits, nothing to guess), so that the file changes only when a password does.
hash_of_password() {
    local password salt
    password=$(<"$HIKYAKU_HOME/secrets/$1")
    salt=$(printf %s "$password" | openssl dgst -sha256 -r | head -c 8 | sed 's/../\\x&/g')
    { printf "$salt"; { printf "$salt"; printf %s "$password"; } | openssl dgst -sha256 -binary; } | base64 -w0
}
