-- Take back one guess that did not fail.
-- KEYS     as in admit.lua, the pair of account and address first
-- ARGV[1]  1: forget the pair altogether, 0: only take back
-- ARGV     then for each key: until when this guess closed it, as admit answered
-- A bucket is opened only when no later guess has closed it again.
for i, key in ipairs(KEYS) do
  if i == 1 and ARGV[1] == '1' then
    redis.call('DEL', key)
  elseif redis.call('EXISTS', key) == 1 then
    if redis.call('HINCRBY', key, 'n', -1) <= 0 then
      redis.call('DEL', key)
    elseif redis.call('HGET', key, 'at') == ARGV[i + 1] then
      redis.call('HSET', key, 'at', '0')
    end
  end
end
return 0
