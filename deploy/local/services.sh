# What deploy/services.tsv says of every program. Sourced, never run.

declare -A service_value=() # by "NAME COLUMN"
service_names=()

read_services() {
    local columns=() values column
    while IFS=$'\t' read -ra values; do
        [[ ${values[0]:-#} != '#'* ]] || continue
        if ((${#columns[@]} == 0)); then
            columns=("${values[@]}")
            continue
        fi
        service_names+=("${values[0]}")
        for column in "${!columns[@]}"; do
            service_value["${values[0]} ${columns[column]}"]=${values[column]}
        done
    done <"$(dirname "${BASH_SOURCE[0]}")/../services.tsv"
}
read_services

# service_has NAME COLUMN [VALUE]: whether the column holds the value, or anything at all.
service_has() {
    local values=${service_value["$1 $2"]}
    if (($# == 2)); then
        [[ $values != - ]]
    else
        [[ ,$values, == *",$3,"* ]]
    fi
}

# services_with COLUMN [VALUE]: the names of those, one on each line.
services_with() {
    local name
    for name in "${service_names[@]}"; do
        ! service_has "$name" "$@" || echo "$name"
    done
}

# port_of NAME
port_of() {
    local port=PORT_${1^^}
    echo "${!port}"
}

# program_of NAME: the file of its program.
program_of() {
    local project=${service_value["$1 project"]}
    echo "$HIKYAKU_HOME/bin/$1/${project##*/}"
}

# call_service NAME ARGUMENT...: its program once more, with the settings that it runs with.
call_service() (
    set -a
    # shellcheck source=/dev/null
    . "$HIKYAKU_HOME/settings/$1"
    set +a
    program=$(program_of "$1")
    cd "$(dirname "$program")"
    exec "$program" "${@:2}"
)
