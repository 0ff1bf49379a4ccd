-- Take or renew the right to be the node that sets and hears the timers.
-- KEYS[1] string  which node has it
-- ARGV[1] who asks   ARGV[2] milliseconds the right lasts; 0 gives it up
-- Returns 1 when the asker has it now, else 0.
local holder = redis.call('GET', KEYS[1])
if holder ~= false and holder ~= ARGV[1] then
  return 0
end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
