-- Whose a submitted message says it is (rule NOD-6): `From` and `Sender` (RFC 5322, 3.6.2) name the account that has logged
-- in, and nobody else. The envelope is Postfix's to judge (postfix/senders.cf).
--
-- Readers differ in how they understand a malformed field. So not the first address in it counts but each, and what has no
-- one meaning is refused. A display name is text, and anybody's: quoted strings, comments, encoded words and words without @.
-- Stray CR, LF and NUL, which some take for the end of a field, Postfix has taken out before (postfix/main.cf).

local long_fields = dofile('@NODE@/rspamd/long_fields.lua')

local longest = 4096
local plus = '@PLUS@'

-- The field without quoted strings and comments (RFC 5322, 3.2), of which a mark is left, so that what was apart does not grow
-- together; nil when it is not well-formed.
local function bare(value)
  local rest, quoted, depth, at = {}, false, 0, 1
  while at <= #value do
    local c = value:sub(at, at)
    if c == '\\' then
      if not quoted and depth == 0 then return nil end
      at = at + 1
    elseif quoted then
      quoted = c ~= '"'
    elseif depth > 0 then
      if c == '"' then return nil end
      depth = depth + (c == '(' and 1 or c == ')' and -1 or 0)
    elseif c == ')' or c == '[' or c == ']' then
      return nil
    else
      quoted, depth = c == '"', c == '(' and 1 or 0
      rest[#rest + 1] = c
    end
    at = at + 1
  end
  return not quoted and depth == 0 and table.concat(rest) or nil
end

local function count(text, pattern)
  return select(2, text:gsub(pattern, ''))
end

-- Whether who decodes encoded words (RFC 2047) before looking for addresses would find more of them.
local function hides_addresses(header)
  local decoded = header.decoded or ''
  return count(decoded, '@') > count(header.value, '@') and count(decoded, '[<,;]') > count(header.value, '[<,;]')
end

-- What is sent to name+anything@domain goes to name@domain, where the platform allows it.
local function is_account(word, account)
  local name, domain = word:match('^([^+@]+)%+[^@]*@([^@]+)$')
  if plus ~= '' and name then word = name .. '@' .. domain end
  return word:lower() == account
end

-- What a mail program or its user should know about an address that is refused, as plain ASCII for the answer.
local function why_not(word, account, header)
  local name, domain = account:match('^(.*)@([^@]*)$')
  local plain = header.value:lower():gsub('%b()', ''):gsub('["\\%s]', '')
  -- A quotation mark is left of what was quoted, a parenthesis of a comment.
  if word:find('["(]') and word:sub(-#domain - 1):lower() == '@' .. domain and plain:find(name .. '@' .. domain, 1, true) then
    return 'the address itself must be without quotation marks, comments and route'
  end
  return 'it names ' .. word:sub(1, 320):gsub('[^%g]', '?')
end

-- Nil if the field names the account and nobody else, else the reason.
local function refusal(header, account)
  if #header.value > longest then return 'it is longer than ' .. longest .. ' bytes' end
  local rest = bare(header.value)
  if not rest then return 'its quotation marks, comments or brackets are not well-formed' end
  if hides_addresses(header) then return 'an encoded word in it hides an address' end
  local found = false
  for word in rest:gmatch('[^%s<>,;:]+') do
    if word:find('@', 1, true) then
      if not is_account(word, account) then return why_not(word, account, header) end
      found = true
    end
  end
  if not found then return 'it has no address' end
end

-- Nil if From and Sender are the account's own, else what is wrong with them.
local function mistake(task, account)
  local seen, wrong = {}, nil
  task:headers_foreach(function(name, header)
    name = name:lower():match('^%s*(%S*)')
    if name ~= 'from' and name ~= 'sender' then return false end
    local reason = seen[name] and 'there is more than one' or refusal(header, account)
    if reason then wrong = (name == 'from' and 'From' or 'Sender') .. ' is refused: ' .. reason end
    seen[name] = true
    return wrong ~= nil -- the rest need not be looked at
  end, { full = true })
  return wrong or (not seen.from and 'From is missing' or nil)
end

-- Only the header counts here. And Rspamd refuses a message whose text has the test pattern GTUBE, which is not ours to refuse (SPM-1).
rspamd_config:register_symbol({
  name = 'HEADER_ONLY',
  type = 'connfilter',
  callback = function(task) task:set_flag('skip_process') end,
})

rspamd_config:register_symbol({
  name = 'OWN_SENDER',
  type = 'prefilter',
  callback = function(task)
    -- What Sieve scripts send has no login. Postfix says which port it is (postfix/master.cf, milter_macro_daemon_name).
    local server = tostring(task:get_request_header('MTA-Name') or '')
    if server == 'forward' then return end
    local too_long = long_fields.refusal(task)
    if too_long then
      task:set_pre_result('reject', too_long, 'senders')
      return
    end
    -- Mail from outside is anybody's.
    if server ~= 'submission' and not task:get_user() then return end
    -- Dovecot names a login address/life.version (dovecot/sql.conf).
    local account = (task:get_user() or ''):match('^(.+)/[^/]+$')
    local judged, wrong = pcall(mistake, task, account)
    if not account or not judged then
      task:set_pre_result('soft reject', 'It is not known whose this message is', 'senders')
    elseif wrong then
      task:set_pre_result('reject', 'From and Sender must be ' .. account .. ' and nobody else; ' .. wrong, 'senders')
    end
  end,
})
