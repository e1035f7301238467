# ./dev test, ./dev bench and ./dev chaos. Sourced, never run.

# Ends with the line "N passed, N failed". A test program that crashes or reports nothing counts as a failure.
run_tests() {
    local part=${1:-all} passed=0 failed=${FAILED_BEFORE:-0} results
    [[ $part =~ ^(all|specs|integration|journeys)$ ]] || fail "./dev test [specs|integration|journeys]"
    results=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder as it is now
    trap "rm -rf $results" EXIT
    # The servers that these tests start run as users of their own.
    [[ $part == specs ]] || require_root test "$@"
    require_dotnet

    if MSBUILDDISABLENODEREUSE=1 dotnet build "$repo/platform.sln" -c Release -nologo -v:quiet -clp:NoSummary </dev/null >"$results/build" 2>&1; then
        run_parts
    else
        cat "$results/build"
        failed=$((failed + 1))
    fi
    if ((passed + failed == 0)); then
        echo "No test was run."
        failed=1
    fi
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

run_parts() {
    case $part in
        specs) run_programs_but_journeys -namespace '*.Specs*' -namespace '*.Architecture*' ;;
        integration) run_programs_but_journeys -namespace '*.Integration*' -namespace '*.Storage*' ;;
        journeys) run_journeys ;;
        all)
            # Without filters, so that no test is left out for its namespace.
            run_programs_but_journeys
            run_journeys
            ;;
    esac
}

run_programs_but_journeys() {
    local project
    for project in "$repo"/tests/*/*.csproj; do
        [[ $project == */Journeys.csproj ]] || run_test_program "$project" "$@"
    done
}

# run_test_program PROJECT ARGUMENT...: adds to passed and failed.
run_test_program() {
    local project=$1 name report program code=0 failures
    shift
    name=$(basename "$project" .csproj)
    report=$results/$name.json
    program=$(dirname "$project")/bin/Release/net10.0/$name
    rm -f "$report"
    echo "== $name"
    (cd "$(dirname "$program")" && "./$name" -noLogo -noColor -reporter quiet -result-ctrf "$report" "$@") </dev/null || code=$?
    if [[ -s $report ]] && failures=$(jq -e '.results.summary.failed' "$report"); then
        passed=$((passed + $(jq '.results.summary.passed' "$report")))
        failed=$((failed + failures))
        jq -r '.results.summary | "   \(.passed) passed, \(.failed) failed, \(.skipped) skipped"' "$report"
        # Something outside of a test failed, such as the end of a fixture.
        ((code == 0 || failures > 0)) || count_crash "$name" "$code"
    else
        count_crash "$name" "$code"
    fi
}

count_crash() {
    echo "   $1 ended with code $2 without telling a failed test"
    failed=$((failed + 1))
}

# Beside the sources, or where a checkout in a private or deeply nested folder does not stand in the way.
journeys_home() {
    local home=$repo/.local-test
    if ((${#home} > 60)) || ! runuser -u nobody -- test -x "$repo"; then
        home=/tmp/hikyaku-test-$(printf %s "$repo" | cksum | cut -d ' ' -f 1)
    fi
    echo "$home"
}

# The whole platform, a copy of its own that begins empty; what was published before is kept.
run_journeys() {
    local home copy
    home=$(journeys_home)
    copy=(env HIKYAKU_HOME="$home" HIKYAKU_PORT_BASE="$test_port_base" HIKYAKU_FAST=1 HIKYAKU_PASSWORD_COST=low
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$((test_port_base + 30))" OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf "$repo/dev")
    [[ -f $repo/tests/Journeys/Journeys.csproj ]] || fail "tests/Journeys is missing."
    "${copy[@]}" down
    find "$home" -mindepth 1 -maxdepth 1 ! -name bin -exec rm -rf {} + 2>/dev/null || true
    # shellcheck disable=SC2064 # the values as they are now
    trap "$(printf '%q ' "${copy[@]}") down; rm -rf $results" EXIT
    trap 'exit 130' INT TERM
    if "${copy[@]}" up >"$results/up" 2>&1; then
        journeys_at "$home"
        # A second mail node joins, which has the fewest mailboxes: people and servers go on turning to the first one.
        if HIKYAKU_NODES=2 "${copy[@]}" up >"$results/up" 2>&1; then
            journeys_at "$home" -trait Nodes=several
        else
            cat "$results/up"
            count_crash "HIKYAKU_NODES=2 ./dev up" 1
        fi
    else
        cat "$results/up"
        count_crash "./dev up" 1
    fi
    "${copy[@]}" down
}

# journeys_at HOME ARGUMENT...: all that the copy was told, so that a journey that says ./dev up again asks for the same.
journeys_at() {
    local home=$1
    shift
    HIKYAKU_ENDPOINTS=$home/endpoints.json HIKYAKU_HOME=$home HIKYAKU_PORT_BASE=$test_port_base HIKYAKU_FAST=1 HIKYAKU_PASSWORD_COST=low \
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$((test_port_base + 30))" OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \
        run_test_program "$repo/tests/Journeys/Journeys.csproj" "$@"
}

run_benchmark() {
    [[ ! -f $HIKYAKU_HOME/endpoints.json ]] || export HIKYAKU_ENDPOINTS=$HIKYAKU_HOME/endpoints.json
    dotnet run -c Release --project "$repo/bench/Bench" -- "$@"
}

# Kills processes of other users.
run_chaos() {
    require_root chaos "$@"
    dotnet run -c Release --project "$repo/bench/Bench" -- chaos "$@"
}
