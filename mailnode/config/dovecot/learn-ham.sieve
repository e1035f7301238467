# A message was moved out of Junk. Into Trash says nothing.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];
if environment :is "imap.mailbox" "Trash" { stop; }
if environment :matches "imap.user" "*" { set "mailbox" "${1}"; }
pipe :copy "learn" ["ham", "${mailbox}"];
