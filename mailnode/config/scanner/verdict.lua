-- What is written into a judged message (SPM-1): X-Spam-Flag, X-Spam-Score, X-Spam-Status, X-Virus-Status; and what a sender has
-- forged of it is taken out. The score alone is told: which rules made it is the operator's to know (SPM-4).

local rspamd_logger = require 'rspamd_logger'
local rspamd_util = require 'rspamd_util'
local long_fields = dofile('@NODE@/rspamd/long_fields.lua')

local M = {}

local host = '@HOST@'
local spam_from = @SPAM_SCORE@ -- this score and above
local most_named = 1000 -- Postfix takes as many (smtpd_recipient_limit)
local waits = '@UNSCANNED@' == 'wait'

local test_pattern = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
local test_patterns = { test_pattern }
for shift = 0, 2 do
  -- As base64, which looks different at each place in a group of three bytes; the ends depend on what is beside them.
  local encoded = tostring(rspamd_util.encode_base64(string.rep('x', shift) .. test_pattern))
  test_patterns[#test_patterns + 1] = encoded:sub(5, -9)
end

-- Rspamd refuses a message with the test pattern GTUBE and looks no further into it, so that what comes with it would not be scanned
-- for viruses. Here it is a rule like others. This is called before Rspamd looks into the message, which then leaves its text alone.
function M.find_test_pattern(task)
  local text = tostring(task:get_content():sub(1, 65536)):gsub('=?\r?\n', '')
  for _, pattern in ipairs(test_patterns) do
    if text:find(pattern, 1, true) then
      task:set_flag('skip_process')
      return true
    end
  end
  return false
end

local function spam_score(task)
  local score = (task:get_metric_score('default') or { 0 })[1]
  return score, score >= spam_from
end

-- clean, infected (and by what), or unscanned.
local function virus_status(task)
  local found = task:get_symbol('CLAM_VIRUS')
  if found then
    return 'infected', (table.concat(found[1].options or {}, ' '):gsub('[^%w.,:_ -]', '?'))
  end
  if task:has_symbol('CLAM_VIRUS_FAIL') or task:has_symbol('CLAM_LIMITS') then return 'unscanned' end
  return 'clean'
end

-- The server that an Authentication-Results is of (RFC 8601, 2.2): the first word, without comments.
local function server_of(value)
  return (value:gsub('%b()', ' '):lower():match('^[%s"]*([^%s;/"]+)'))
end

-- Names of fields to be removed; 0 stands for all of a name. Who forges results of this server is not believed in those of others.
local function forged(task)
  local remove = {}
  task:headers_foreach(function(name, header)
    local plain = name:lower():match('^%s*(%S*)')
    if plain:find('^x%-spam%-') or plain == 'x-virus-status' then
      remove[name] = 0
    elseif plain == 'authentication-results' then
      local server = server_of(header.value or '')
      if not server or server == host then remove['Authentication-Results'] = 0 end
    end
    return false
  end, { full = true })
  return remove
end

-- A routine of the module milter_headers. At the top, so that all that came stays as it was.
function M.headers(task)
  local function first(value) return { value = value, order = 1 } end
  local score, spam = spam_score(task)
  local virus, name = virus_status(task)
  return nil, {
    ['X-Spam-Flag'] = first(spam and 'YES' or 'NO'),
    ['X-Spam-Score'] = first(string.format('%.2f', score)),
    ['X-Spam-Status'] = first(string.format('%s, score=%.2f', spam and 'Yes' or 'No', score)),
    ['X-Virus-Status'] = first(name and virus .. ' ' .. name or virus),
  }, forged(task), {}
end

-- What becomes of the message. A virus is deleted; of what people submit only the copies for accounts here are (dovecot/virus.sieve),
-- as outgoing mail is not refused for what is in it. A message that cannot arrive whole is refused. Highest priority: also where Rspamd
-- itself has decided already.
function M.judge(task)
  local function decide(action, message) task:set_pre_result({ action = action, message = message, module = 'verdict', priority = 100 }) end
  local score, spam = spam_score(task)
  local virus, name = virus_status(task)
  local verdict = virus == 'infected' and 'virus' or spam and 'spam' or virus == 'unscanned' and 'unscanned' or 'ham'
  local is_from_outside = not task:get_user()
  local too_long = long_fields.refusal(task)
  if virus == 'infected' and is_from_outside then
    decide('discard', 'infected')
  elseif too_long then
    decide('reject', too_long)
    verdict = 'refused'
  elseif waits and is_from_outside and task:has_symbol('CLAM_VIRUS_FAIL') then
    decide('soft reject', '4.7.1 This message cannot be scanned for viruses now, try again later')
    verdict = 'waits'
  else
    decide('no action', 'judged')
  end
  rspamd_logger.messagex('hikyaku: %s verdict=%s score=%s virus=%s', task:get_queue_id() or '-', verdict, string.format('%.2f', score), name and name:gsub(' ', ',') or '-')
  -- Of a message that a milter discards Postfix logs the first recipient alone.
  if virus == 'infected' and is_from_outside then
    for i, recipient in ipairs(task:get_recipients('smtp') or {}) do
      if i > most_named then break end
      rspamd_logger.messagex('hikyaku: %s virus-for=%s', task:get_queue_id() or '-', recipient.addr)
    end
  end
end

return M
