# One supervisord runs everything of a copy, starts again what dies and keeps the logs. Sourced, never run.

# The servers of a mail node, each with the files that it reads at its start; those of the second are called dovecot2, ….
node_servers=(dovecot postfix rspamd srs scanner redis clamav)
declare -A server_files=(
    [dovecot]='dovecot/*' [postfix]='postfix/*' [rspamd]='rspamd/*' [srs]='' [scanner]='scanner/*.lua scanner/local.d/*'
    [redis]='scanner/redis.conf' [clamav]='clamav/*'
)
all_programs=(postgres rabbitmq webmail nginx $(services_with port) "${node_servers[@]}" "${node_servers[@]/%/2}")

supervisor_folder=$HIKYAKU_HOME/supervisor

supervise() { supervisorctl -c "$supervisor_folder/supervisord.conf" "$@"; }

supervisor_runs() { [[ -n $(supervisor_process) ]]; }

# By its working directory: after a restart of the machine the number may be somebody else's.
supervisor_process() {
    local process
    process=$(cat "$supervisor_folder/supervisord.pid" 2>/dev/null) || return 0
    [[ $(readlink "/proc/$process/cwd") != "$supervisor_folder" ]] || echo "$process"
}

# The environment is bare, so that a copy does not depend on the shell that started it.
start_supervisor() {
    (
        cd "$supervisor_folder"
        env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 supervisord -c supervisord.conf </dev/null >start.log 2>&1 {lock}>&-
    ) || fail "supervisord does not start:" "$(<"$supervisor_folder/start.log")"
}

write_supervisor_configuration() {
    mkdir -p "$supervisor_folder" "$HIKYAKU_HOME"/{postgres,rabbitmq,mailnode,mailnode2}
    (umask 077 && supervisor_configuration >"$supervisor_folder/supervisord.conf")
}

# A program is started again by `supervisorctl update` when its section differs: the hash of what
# else it reads is put there.
supervisor_configuration() {
    cat <<CONF
[supervisord]
user=root
pidfile=$supervisor_folder/supervisord.pid
logfile=$supervisor_folder/supervisord.log
childlogdir=$supervisor_folder
minfds=4096

[unix_http_server]
file=$supervisor_folder/supervisor.sock
chmod=0700

[supervisorctl]
serverurl=unix://$supervisor_folder/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
CONF
    local fsync=on name common_environment="HIKYAKU_HOME=\"$HIKYAKU_HOME\"" port
    for port in HIKYAKU_PORT_BASE "${!PORT_@}" "${!PORT2_@}"; do
        common_environment+=",$port=\"${!port}\""
    done
    [[ ${HIKYAKU_FAST:-} != 1 ]] || fsync=off

    # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
    program postgres postgres "POSTGRES_DATABASES=\"$(databases)\",POSTGRES_FSYNC=\"$fsync\"" "stopsignal=INT"
    program rabbitmq rabbitmq "SETTINGS=\"$(hash_of "$HIKYAKU_HOME"/rabbitmq/{rabbitmq.conf,definitions.json,enabled_plugins})\""
    for name in $(services_with port); do
        dotnet_program "$name" "$name"
    done
    # The loop that cleans up beside PHP ends with it.
    program webmail webmail "SETTINGS=\"$(hash_of "$HIKYAKU_HOME/settings/webmail" "$HIKYAKU_HOME"/webmail/{php-fpm.conf,servers.pem,root/*.php,root/config/config.inc.php,root/plugins/hikyaku/*})\"" "stopasgroup=true"
    program nginx nginx "SETTINGS=\"$(hash_of "$HIKYAKU_HOME/webmail/nginx.conf")\""
    programs_of_node mailnode
    ((nodes == 2)) || return 0
    dotnet_program mailnode2 mailnode
    programs_of_node mailnode2
}

programs_of_node() {
    local server
    for server in "${node_servers[@]}"; do
        # shellcheck disable=SC2086 # patterns
        program "$server${1#mailnode}" "$server $1" "SETTINGS=\"$(cd "$HIKYAKU_HOME/$1" && hash_of ${server_files[$server]})\""
    done
}

# dotnet_program NAME SERVICE. One that has a database waits for it by itself.
dotnet_program() {
    program "$1" "dotnet $1 $(program_of "$2")" "SETTINGS=\"$(hash_of "$HIKYAKU_HOME/settings/$1" "$HIKYAKU_HOME/bin/$2.hash")\""
}

databases() {
    local name
    for name in $(services_with database); do
        echo "${service_value["$name database"]}"
    done | paste -sd ' '
}

# startsecs=0: a program that has been killed is started again at once and for ever. Above 0 the
# supervisor would wait longer after each failure, and give up in the end.
program() {
    local name=$1 command=$2 environment=$3 more=${4:-} folder=$repo/deploy/local/start
    cat <<CONF

[program:$name]
command="${folder//%/%%}/"$command
directory=$HIKYAKU_HOME
environment=$common_environment,$environment
autorestart=true
startsecs=0
stopwaitsecs=30
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile=$HIKYAKU_HOME/logs/$name.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
$more
CONF
}

hash_of() { cat "$@" 2>/dev/null </dev/null | sha256sum | head -c 64; }
