# ./dev test, ./dev bench and ./dev chaos. Sourced, never run.

# What ./dev test long runs in full size: tests whose trait Size is the campaign's name, and how large.
declare -A campaigns=([accounts]=10000 [answers]=20000 [changes]=1000 [copies]=100 [corpus]=6046 [inputs]=1000000 [kills]=30 [lines]=300 [lists]=1000 [messages]=50000 [networks]=500 [outage]=10 [reads]=200000 [requests]=100000 [rules]=400 [verdicts]=6046 [webhooks]=30)

# Ends with the ten slowest classes, what failed, and the line "N passed, N failed". A test program that crashes or reports
# nothing counts as a failure.
run_tests() {
    local part=${1:-all} campaign=${2:-} passed=0 failed=${FAILED_BEFORE:-0}
    [[ $part =~ ^(all|specs|integration|journeys|long)$ && (-z $campaign || ($part == long && -n ${campaigns[$campaign]:-})) ]] ||
        fail "./dev test [specs|integration|journeys|long [$(printf '%s\n' "${!campaigns[@]}" | sort | paste -sd '|')]]"
    # Not local, as end_test_run needs them when this function has returned.
    results=$(mktemp -d)
    declare -gA running=() # test programs: the name of the report by the number of the process
    copy=()                # ./dev of the copy that journeys use
    journeys=              # the process of the journeys, while it runs beside the other programs
    trap end_test_run EXIT
    # Most of these programs run for seconds or minutes: compiling what is called often a second time pays later (512 calls, not 30).
    export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=200
    # Hosts in test programs watch no settings' files: a user has 128 such watches, and a test program can have more hosts.
    export DOTNET_hostBuilder__reloadConfigOnChange=false
    # All nodes of all tests: their Rspamd compiles its rules once.
    export HIKYAKU_RULES_CACHE=/tmp/hikyaku-rspamd-rules
    trap 'exit 130' INT TERM
    # The servers that these tests start run as users of their own.
    [[ $part == specs ]] || require_root test "$@"
    require_dotnet
    if [[ $part =~ ^(all|integration|long)$ ]]; then
        provide_corpus
        provide_test_programs
        provide_clients
        provide_kubectl
    fi
    [[ $part == specs ]] || provide_browser

    if [[ ${HIKYAKU_BUILT:-} == "$repo" ]] || MSBUILDDISABLENODEREUSE=1 dotnet build "$repo/platform.sln" -c Release -nologo -v:quiet -clp:NoSummary </dev/null >"$results/build" 2>&1; then
        export HIKYAKU_BUILT=$repo
        run_parts
    else
        cat "$results/build"
        failed=$((failed + 1))
    fi
    if ((passed + failed == 0)); then
        echo "No test was run."
        failed=1
    fi
    print_slowest_classes
    cat "$results/failed" 2>/dev/null || true
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

# Also after Ctrl+C, which programs in the background do not get.
end_test_run() {
    if [[ -n $journeys ]]; then
        kill "$journeys" 2>/dev/null || true
        wait "$journeys" || true
    fi
    end_programs
    rm -rf "$results"
}

end_programs() {
    ((${#running[@]} == 0)) || kill "${!running[@]}" 2>/dev/null || true
    ((${#copy[@]} == 0)) || "${copy[@]}" down
}

run_parts() {
    case $part in
        specs) run_programs_but_journeys -namespace '*.Specs*' -namespace '*.Architecture*' ;;
        integration) run_programs_but_journeys -namespace '*.Integration*' -namespace '*.Storage*' ;;
        journeys)
            run_journeys
            run_journeys_of_their_own
            ;;
        long) run_campaigns ;;
        all)
            # Without filters, so that no test is left out for its namespace.
            start_journeys
            # Beside the largest of the other programs the start of a platform takes four times as long.
            until [[ -e $results/is-up ]] || ! kill -0 "$journeys" 2>/dev/null; do sleep 1; done
            run_programs_but_journeys
            count_journeys
            ;;
    esac
}

# One after the other beside the journeys, which fill the rest of a small machine: more at once take as long and make each other wait.
# Two without them, or once they have ended. The largest begin, so that none of them is left alone at the end.
run_programs_but_journeys() {
    local project at_once
    for project in $(test_projects_by_size); do
        [[ $project != */Journeys.csproj ]] || continue
        at_once=2
        [[ -z $journeys || -e $results/journeys ]] || at_once=1
        ((${#running[@]} < at_once)) || count_next_to_end
        start_test_program "$project" "$(basename "$project" .csproj)" "$@"
    done
    while ((${#running[@]} > 0)); do count_next_to_end; done
}

# run_journeys_of_their_own ARGUMENT...: those that start a platform of their own. They take its programs from the others' copy.
run_journeys_of_their_own() {
    HIKYAKU_JOURNEYS=own HIKYAKU_HOME=$(journeys_home) HIKYAKU_PORT_BASE=$((test_port_base + 1000)) \
        HIKYAKU_FAST=1 HIKYAKU_PASSWORD_COST=low HIKYAKU_WEBHOOK_ALLOW=127.0.0.0/8 HIKYAKU_COPY_ALLOW=127.0.0.0/8 \
        run_test_program "$repo/tests/Journeys/Journeys.csproj" Journeys-of-their-own -trait Platform=own "$@"
}

test_projects_by_size() {
    local project
    for project in "$repo"/tests/*/*.csproj; do
        echo "$(find "$(dirname "$project")" -name '*.cs' -not -path '*/obj/*' -exec cat {} + | wc -l) $project"
    done | sort -rn | cut -d ' ' -f 2-
}

# run_test_program PROJECT REPORT ARGUMENT...: adds to passed and failed.
run_test_program() {
    start_test_program "$@"
    count_next_to_end
}

start_test_program() {
    local project=$1 report=$2 name
    shift 2
    name=$(basename "$project" .csproj)
    rm -f "$results/$report.json"
    (
        cd "$(dirname "$project")/bin/Release/net10.0"
        exec "./$name" -noLogo -noColor -reporter quiet -result-ctrf "$results/$report.json" "$@"
    ) </dev/null >"$results/$report.output" 2>&1 &
    running[$!]=$report
}

# Waits for one of the programs that run, prints what it has printed, and adds its tests to passed and failed.
count_next_to_end() {
    local process code=0 report failures
    wait -n -p process "${!running[@]}" || code=$?
    report=${running[$process]}
    unset "running[$process]"
    echo "== $report"
    cat "$results/$report.output"
    if [[ -s $results/$report.json ]] && failures=$(jq -e '.results.summary.failed' "$results/$report.json"); then
        passed=$((passed + $(jq '.results.summary.passed' "$results/$report.json")))
        failed=$((failed + failures))
        jq -r '.results.summary | "   \(.passed) passed, \(.failed) failed, \(.skipped) skipped in \((.stop - .start) / 1000 | round) s"' "$results/$report.json"
        jq -r '.results.tests[] | select(.status == "failed") | "FAILED \(.name)\n\(.message // "" | .[:1000])\n\(.trace // "" | split("\n")[:3] | join("\n"))"' "$results/$report.json" >>"$results/failed"
        # Something outside of a test failed, such as the end of a fixture.
        ((code == 0 || failures > 0)) || count_crash "$report" "$code"
    else
        count_crash "$report" "$code"
    fi
}

count_crash() {
    echo "   $1 ended with code $2 without telling a failed test" | tee -a "$results/failed"
    failed=$((failed + 1))
}

# By the sum of what their tests took. Starting the servers of a class is not in it.
print_slowest_classes() {
    local reports=("$results"/*.json)
    [[ -e ${reports[0]} ]] || return 0
    echo "The ten slowest classes:"
    # Of a program that crashed there may be half a report.
    jq -rs '[.[].results.tests[]] | group_by(.extra.type) | map({class: .[0].extra.type, tests: length, s: (map(.duration) | add / 1000)})
        | sort_by(-.s) | .[:10][] | "\(.s * 10 | round / 10) s  \(.class) (\(.tests) tests)"' "${reports[@]}" | sed 's/^/   /' || true
}

# Beside the sources, or where a checkout in a private or deeply nested folder does not stand in the way.
journeys_home() {
    local home=$repo/.local-test
    if ((${#home} > 60)) || ! runuser -u nobody -- test -x "$repo"; then
        home=/tmp/hikyaku-test-$(printf %s "$repo" | cksum | cut -d ' ' -f 1)
    fi
    echo "$home"
}

# Beside the other programs, because they wait even more: for programs that are killed and come back, and for an outage to end.
start_journeys() {
    (
        passed=0 failed=0 running=()
        trap end_programs EXIT
        trap 'exit 130' TERM
        run_journeys
        # The one that builds all programs once more, with a service added, is ./dev test journeys' alone: it takes six minutes.
        run_journeys_of_their_own -trait- Sources=own
        echo "$passed $failed" >"$results/journeys"
    ) >"$results/journeys.output" 2>&1 &
    journeys=$!
}

count_journeys() {
    local code=0 counted=(0 0)
    wait "$journeys" || code=$?
    journeys=
    cat "$results/journeys.output"
    [[ -s $results/journeys ]] && read -r -a counted <"$results/journeys" || count_crash journeys "$code"
    passed=$((passed + counted[0]))
    failed=$((failed + counted[1]))
}

# run_journeys ARGUMENT...: the whole platform, a copy of its own that begins empty; what was published before is kept.
run_journeys() {
    local home
    home=$(journeys_home)
    copy=(env HIKYAKU_HOME="$home" HIKYAKU_PORT_BASE="$test_port_base" HIKYAKU_FAST=1 HIKYAKU_PASSWORD_COST=low HIKYAKU_WEBHOOK_ALLOW=127.0.0.0/8 HIKYAKU_COPY_ALLOW=127.0.0.0/8
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$((test_port_base + 30))" OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf "$repo/dev")
    [[ -f $repo/tests/Journeys/Journeys.csproj ]] || fail "tests/Journeys is missing."
    "${copy[@]}" down
    find "$home" -mindepth 1 -maxdepth 1 ! -name bin -exec rm -rf {} + 2>/dev/null || true
    if "${copy[@]}" up >"$results/up" 2>&1; then
        : >"$results/is-up"
        if (($# > 0)); then journeys_at "$home" Journeys "$@"; else journeys_at "$home" Journeys -trait- Platform=own; fi
        (($# > 0)) || journeys_with_two_nodes # else some of them were asked for
    else
        cat "$results/up"
        count_crash "./dev up" 1
    fi
    "${copy[@]}" down
    copy=()
}

# A second mail node joins, which has the fewest mailboxes: people and servers go on turning to the first one.
journeys_with_two_nodes() {
    if HIKYAKU_NODES=2 "${copy[@]}" up >"$results/up" 2>&1; then
        journeys_at "$home" Journeys-two-nodes -trait Nodes=several
    else
        cat "$results/up"
        count_crash "HIKYAKU_NODES=2 ./dev up" 1
    fi
}

# journeys_at HOME REPORT ARGUMENT...: all that the copy was told, so that a journey that says ./dev up again asks for the same.
journeys_at() {
    local home=$1 report=$2
    shift 2
    HIKYAKU_HOME=$home HIKYAKU_PORT_BASE=$test_port_base HIKYAKU_FAST=1 HIKYAKU_PASSWORD_COST=low HIKYAKU_WEBHOOK_ALLOW=127.0.0.0/8 HIKYAKU_COPY_ALLOW=127.0.0.0/8 \
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$((test_port_base + 30))" OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \
        run_test_program "$repo/tests/Journeys/Journeys.csproj" "$report" "$@"
}

# All campaigns, or the one that was asked for. What came of others stays on the page.
run_campaigns() {
    local page=$repo/bench/results/long.md rows=$results/rows name
    export HIKYAKU_TEST_SEED=${HIKYAKU_TEST_SEED:-20261125}
    grep '^| [a-z]* | [0-9]' "$page" >"$rows" 2>/dev/null || true
    for name in ${campaign:-$(printf '%s\n' "${!campaigns[@]}" | sort)}; do run_campaign "$name"; done
    {
        echo "# Long campaigns: seeded tests in their full size"
        echo
        echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores · $(. /etc/os-release && echo "$PRETTY_NAME") · .NET" \
            "$(dotnet --list-runtimes | awk '/^Microsoft.NETCore.App/ { newest = $2 } END { print newest }') · \`./dev test long\`"
        echo
        echo "| campaign | size | seed | rules | test | result | s | when (UTC) |"
        echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
        sort "$rows"
    } >"$page"
}

run_campaign() {
    local name=$1 variable=HIKYAKU_TEST_${1^^} file project seed=–
    export "$variable=${!variable:-${campaigns[$name]}}"
    file=$(grep -rl --include='*.cs' "Trait(\"Size\", \"$name\")" "$repo/tests")
    project=${file#"$repo/tests/"}
    project=${project%%/*}
    ! grep -q 'Campaign\.Seed' "$file" || seed=$HIKYAKU_TEST_SEED
    echo "$variable=${!variable}"
    if [[ $project == Journeys ]]; then
        run_journeys -trait "Size=$name"
    else
        run_test_program "$repo/tests/$project/$project.csproj" "$project" -trait "Size=$name"
    fi
    sed -i "/^| $name |/d" "$rows"
    [[ -s $results/$project.json ]] || return 0
    jq -r --arg row "| $name | ${!variable} | $seed" --arg at "$(date -u '+%F %H:%M')" '.results.tests[]
        | "\($row) | \([.labels.Rule] | flatten | join(", ")) | \(.name | sub(".*[.]"; "") | gsub("_"; " ")) | \(.status) | \(.duration / 1000) | \($at) |"' \
        "$results/$project.json" | tee -a "$rows" | sed 's/^/   /'
}

run_benchmark() {
    local built=()
    [[ ${HIKYAKU_BUILT:-} != "$repo" ]] || built=(--no-build)
    dotnet run -c Release "${built[@]}" --project "$repo/bench/Bench" -- "$@"
}

# Kills processes of other users.
run_chaos() {
    require_root chaos "$@"
    run_benchmark chaos "$@"
}
