-- Read by Rspamd itself (LOCAL_CONFDIR).
local verdict = dofile('@NODE@/scanner/verdict.lua')

rspamd_config:register_symbol({
  name = 'TEST_PATTERN',
  type = 'connfilter',
  priority = 10,
  score = 1000.0,
  callback = verdict.find_test_pattern,
})

rspamd_config:register_symbol({
  name = 'VERDICT',
  type = 'idempotent',
  -- Also of an empty message, and of one that a module has decided about.
  flags = 'empty,explicit_disable,ignore_passthrough',
  callback = verdict.judge,
})
