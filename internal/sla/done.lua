-- Give back what was taken, with the instant at which each is to go off next.
-- KEYS[1] zset  clock -> instant at which to look at it
-- KEYS[2] zset  clock -> instant until which somebody looks at it
-- ARGV    clock, instant, clock, instant, ...; an empty instant ends the timer
-- An earlier instant that somebody set in the meantime stays: to look too early
-- costs a look, too late would cost the deadline.
for i = 1, #ARGV, 2 do
  redis.call('ZREM', KEYS[2], ARGV[i])
  if ARGV[i + 1] ~= '' then
    redis.call('ZADD', KEYS[1], 'LT', ARGV[i + 1], ARGV[i])
  end
end
return redis.status_reply('OK')
