# Before each account's own script: an infected message is deleted (SPM-1). The field is Rspamd's (scanner/verdict.lua).
if header :contains "X-Virus-Status" "infected" {
    discard;
    stop;
}
