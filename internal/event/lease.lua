-- Take or renew the right to be the sequencer, and see how far the stream is.
-- KEYS[1] string  the lease: which sequencer has it
-- KEYS[2] stream  the live stream of the same epoch (same hash tag)
-- ARGV[1] who asks   ARGV[2] milliseconds the lease lasts
-- Returns {1 when the asker has the lease now, else 0; the stream's last id or "0-0"}.
local holder = redis.call('GET', KEYS[1])
local mine = 0
if holder == false or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  mine = 1
end
local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
local last = '0-0'
if newest[1] then
  last = newest[1][1]
end
return {mine, last}
