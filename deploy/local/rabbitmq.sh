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
        rabbitmq_definitions "$(hash_of_password rabbit-services)" "$(hash_of_password rabbit-mail1)" "$(hash_of_password rabbit-mail2)" >"$home/definitions.json"
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
# the contracts that nodes publish.
rabbitmq_definitions() {
    local users permissions
    users=$(node_user mail1 "$2")
    permissions=$(node_permissions mail1)
    if ((nodes == 2)); then
        users+=$(node_user mail2 "$3")
        permissions+=$(node_permissions mail2)
    fi
    cat <<JSON
{
  "vhosts": [{ "name": "hikyaku" }, { "name": "nodes" }],
  "users": [
    { "name": "services", "password_hash": "$1", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["administrator"] }$users
  ],
  "permissions": [
    { "user": "services", "vhost": "hikyaku", "configure": ".*", "write": ".*", "read": ".*" },
    { "user": "services", "vhost": "nodes", "configure": ".*", "write": ".*", "read": ".*" }$permissions
  ]
}
JSON
}

node_user() {
    cat <<JSON
,
    { "name": "$1", "password_hash": "$2", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [] }
JSON
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
