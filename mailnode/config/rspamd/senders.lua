-- Whose a submitted message says it is (rule NOD-6): `From` and `Sender` (RFC 5322, 3.6.2) name the account that has logged
-- in, and nobody else. The envelope is Postfix's to judge (postfix/senders.cf).
--
-- Readers differ in how they understand a malformed field; so not the first address in it counts but each that somebody
-- could find there. A display name is text, and anybody's: quoted strings, and words without @. Stray CR, LF and NUL, which
-- some take for the end of a field, Postfix has taken out before (main.cf).

local function account_of(task)
  -- Dovecot names a login address/life.version (dovecot/sql.conf).
  return (task:get_user() or ''):match('^(.+)/[^/]+$')
end

-- Without quoted strings and comments. Comments may be nested: the innermost go first.
local function bare(value)
  value = value:gsub('\\.', ''):gsub('"[^"]*"', '')
  local removed
  repeat
    value, removed = value:gsub('%([^()]*%)', ' ')
  until removed == 0
  return value
end

local function names_only(value, account)
  local rest = bare(value)
  if rest:find('["()]') then return false end
  local found = false
  for address in rest:gmatch('[^%s<>,;:]*@[^%s<>,;:]*') do
    if address:lower() ~= account then return false end
    found = true
  end
  return found
end

local function is_own(task, account)
  local count = { from = 0, sender = 0 }
  local own = true
  task:headers_foreach(function(name, header)
    name = name:lower():match('^%s*(.-)%s*$')
    if not count[name] then return end
    count[name] = count[name] + 1
    own = own and names_only(header.value, account)
  end, { full = true })
  return own and count.from == 1 and count.sender <= 1
end

rspamd_config:register_symbol({
  name = 'OWN_SENDER',
  type = 'prefilter',
  callback = function(task)
    local account = account_of(task)
    if not account then
      task:set_pre_result('soft reject', 'Nobody is known to have logged in', 'senders')
    elseif not is_own(task, account) then
      task:set_pre_result('reject', 'From and Sender must be ' .. account .. ' and nobody else', 'senders')
    end
  end,
})
