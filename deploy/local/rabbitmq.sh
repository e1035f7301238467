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
# the contracts that nodes publish. Password hashes are in the states: of the services the accounts service
# alone reaches them, and only to write. `management` is for people, at the broker's own pages; no program has it.
rabbitmq_definitions() {
    # Its own queues, and the exchanges of contracts.
    local feed='^feed.*|^Hikyaku\\..*|^MassTransit:.*' node users="" permissions=""
    for ((node = 1; node <= nodes; node++)); do
        users+=", $(rabbitmq_user "mail$node")"
        permissions+=$(node_permissions "mail$node")
    done
    cat <<JSON
{
  "vhosts": [{ "name": "hikyaku" }, { "name": "nodes" }],
  "users": [
    $(rabbitmq_user accounts),
    $(rabbitmq_user gateway),
    $(rabbitmq_user feed),
    $(rabbitmq_user management '"administrator"')$users
  ],
  "permissions": [
    { "user": "accounts", "vhost": "hikyaku", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "accounts", "vhost": "nodes", "configure": ".*", "write": ".*", "read": "^$" },
    { "user": "gateway", "vhost": "hikyaku", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "feed", "vhost": "hikyaku", "configure": "$feed", "write": "$feed", "read": "$feed" }$permissions
  ]
}
JSON
}

# rabbitmq_user NAME [TAG]
rabbitmq_user() {
    printf '{ "name": "%s", "password_hash": "%s", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [%s] }' \
        "$1" "$(hash_of_password "rabbit-$1")" "${2:-}"
}

node_permissions() {
    local node="^node-$1.*"'|^Hikyaku\\..*' facts='^Hikyaku\\.MailNode\\.Contracts:.*|'"^$1.*"
    cat <<JSON
,
    { "user": "$1", "vhost": "nodes", "configure": "$node", "write": "$node", "read": ".*" },
    { "user": "$1", "vhost": "hikyaku", "configure": "$facts", "write": "$facts", "read": "$facts" }
JSON
}

# RabbitMQ's form: base64 of a salt of four bytes and SHA-256 of salt and password. The salt comes from
# the password (256 random bits, nothing to guess), so that the file changes only when a password does.
hash_of_password() {
    local password salt
    password=$(<"$HIKYAKU_HOME/secrets/$1")
    salt=$(printf %s "$password" | openssl dgst -sha256 -r | head -c 8 | sed 's/../\\x&/g')
    { printf "$salt"; { printf "$salt"; printf %s "$password"; } | openssl dgst -sha256 -binary; } | base64 -w0
}
