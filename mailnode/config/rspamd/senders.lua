-- Whose a submitted message says it is (rule NOD-6): `From` and `Sender` (RFC 5322, 3.6.2) name the account that has logged
-- in, and nobody else. The envelope is Postfix's to judge (postfix/senders.cf).
--
-- Readers differ in how they understand a malformed field. So not the first address in it counts but each, and what has no
-- one meaning is refused. A display name is text, and anybody's: quoted strings, comments, encoded words and words without @.
-- Stray CR, LF and NUL, which some take for the end of a field, Postfix has taken out before (postfix/main.cf).

local longest = 4096

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

local function names_only(header, account)
  local rest = #header.value <= longest and bare(header.value)
  if not rest or hides_addresses(header) then return false end
  local found = false
  for word in rest:gmatch('[^%s<>,;:]+') do
    if word:find('@', 1, true) then
      if word:lower() ~= account then return false end
      found = true
    end
  end
  return found
end

local function is_own(task, account)
  local seen = {}
  local own = true
  task:headers_foreach(function(name, header)
    name = name:lower():match('^%s*(%S*)')
    if name ~= 'from' and name ~= 'sender' then return false end
    own = own and not seen[name] and names_only(header, account)
    seen[name] = true
    return not own -- the rest need not be looked at
  end, { full = true })
  return own and seen.from
end

rspamd_config:register_symbol({
  name = 'OWN_SENDER',
  type = 'prefilter',
  callback = function(task)
    -- Dovecot names a login address/life.version (dovecot/sql.conf).
    local account = (task:get_user() or ''):match('^(.+)/[^/]+$')
    local judged, own = pcall(is_own, task, account)
    if not account or not judged then
      task:set_pre_result('soft reject', 'It is not known whose this message is', 'senders')
    elseif not own then
      task:set_pre_result('reject', 'From and Sender must be ' .. account .. ' and nobody else', 'senders')
    end
  end,
})
