-- Take the timers of one shard that have gone off, under a lease.
-- KEYS[1] zset    clock -> instant at which to look at it
-- KEYS[2] zset    clock -> instant until which somebody else looks at it
-- KEYS[3] string  there while the shard is complete; gone after a FLUSHALL
-- ARGV[1] now   ARGV[2] end of the lease   ARGV[3] how many at most
-- Instants are microseconds since 1970 by PostgreSQL's clock.
-- Returns {1 when the shard is complete, else 0; the next instant or ''; the clocks taken...}.
-- All keys carry the shard's tag, so Redis Cluster keeps them on one node.
local now, limit = ARGV[1], ARGV[3]

-- Whoever took these has died or is very slow: they go off again.
local lost = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)
for _, clock in ipairs(lost) do
  redis.call('ZREM', KEYS[2], clock)
  redis.call('ZADD', KEYS[1], 'LT', now, clock)
end

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit)
for _, clock in ipairs(due) do
  redis.call('ZREM', KEYS[1], clock)
  redis.call('ZADD', KEYS[2], ARGV[2], clock)
end

local timer = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local lease = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
local next = timer or lease or ''
if timer and lease and tonumber(lease) < tonumber(timer) then
  next = lease
end
return {redis.call('EXISTS', KEYS[3]), next, unpack(due)}
