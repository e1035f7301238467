-- Finds a field that is too long to arrive whole. Postfix drops without a word what a field has beyond 60,000 bytes, all its lines together,
-- once a milter is asked (cleanup(8), 3.7: KLUDGE_HEADER_LIMIT); where the last line began shortly before, 54,000 bytes may be left. This is
-- so in the header of the message, in that of each part, and in that of a message within it. Whether something was dropped nobody can tell
-- afterwards. So a message with a field of this length is refused.

local M = {}

local longest = 50000

-- The name of a field that is that long.
local function long_in(header)
  if not header then return nil end
  local text = tostring(header)
  local start = 1
  while #text - start >= longest do
    local ends = text:find('\n[^ \t]', start) or #text
    if ends - start >= longest then return text:sub(start, start + 99):match('^[!-9;-~]+') or '?' end
    start = ends + 1
  end
end

-- Why a message is refused, as plain ASCII for the answer; nil when it is not.
function M.refusal(task)
  local name = long_in(task:get_raw_headers())
  for _, part in ipairs(task:get_parts() or {}) do
    name = name or long_in(part:get_raw_headers())
  end
  return name and 'The field ' .. name .. ' of its header has ' .. longest .. ' bytes or more and cannot be handed on whole'
end

return M
