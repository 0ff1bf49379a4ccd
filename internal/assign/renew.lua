-- Lengthen a lease's copy when it still is of this account and fence.
-- KEYS[1] string "account:fence:team:walled:name", the copy of the ticket's lease
-- ARGV    account · fence · life in ms from now
-- Returns the ms that were left of it, false without a copy, -1 when it is another's.
local held = redis.call('GET', KEYS[1])
if not held then
  return false
end
local account, fence = string.match(held, '^(%d+):(%d+):')
if account ~= ARGV[1] or fence ~= ARGV[2] then
  return -1
end
local left = redis.call('PTTL', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return left
