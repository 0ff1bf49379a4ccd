-- Copy a lease that PostgreSQL has given, unless a newer one is there: two
-- nodes may come here in another order than they committed.
-- KEYS[1] string "account:fence:team:walled:name", the copy of the ticket's lease
-- ARGV    the lease · its fence · its life in ms
-- Returns 1 when it was written, 0 when a newer one is there.
local held = redis.call('GET', KEYS[1])
if held and tonumber(string.match(held, '^%d+:(%d+):')) > tonumber(ARGV[2]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
