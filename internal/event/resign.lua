-- Give the lease back, if the asker still has it.
-- KEYS[1] string  the lease     ARGV[1] who asks
-- Returns 1 when it was given back, else 0.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
