# Runs a server for a test process and never longer: bash -c '…' guard FOLDER SIGNAL COMMAND...
# Standard input is a pipe that only the test process holds. The line "stop" ends the server and keeps FOLDER, so that
# it can start again; "shutdown" does so by SIGTERM; "pause" and "resume" let it stand still (then there is a file "paused") and
# go on; the pipe's end, which comes however the test process dies, ends the server and removes FOLDER.
set -u
folder=$1 signal=$2
shift 2
exec 3<&0 </dev/null >>"$folder/server.log" 2>&1
cd "$folder" || exit

setsid "$@" 3<&- &
server=$! word=
end() {
    # The group too: what the server started must not outlive it.
    if [[ $word == shutdown ]]; then
        kill -TERM "$server" 2>/dev/null
    else
        kill -"$signal" "$server" -"$server" 2>/dev/null
    fi
    wait "$server" 2>/dev/null
    kill -KILL -"$server" 2>/dev/null
    [[ $word == stop || $word == shutdown ]] || rm -rf -- "$folder"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

# A second may end in the middle of a word: what was read of it until then counts.
line=
while true; do
    if read -r -t 1 part <&3; then
        line+=$part
        case $line in
            pause) kill -STOP "$server" -"$server" && : >paused ;;
            resume) rm -f paused && kill -CONT "$server" -"$server" ;;
            *)
                word=$line
                break
                ;;
        esac
        line=
    elif (($? <= 128)); then
        break # the pipe has ended
    else
        line+=$part
        kill -0 "$server" 2>/dev/null && continue
        word=stop # the log is still to be read; the test process removes the folder
        break
    fi
done
