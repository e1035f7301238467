# A message was moved into Junk.
require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];
if environment :matches "imap.user" "*" { set "mailbox" "${1}"; }
pipe :copy "learn" ["spam", "${mailbox}"];
