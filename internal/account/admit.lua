-- Count one guess in all of its buckets, or in none when one of them is closed.
-- KEYS     hashes {n = guesses counted, at = closed until, ms}; all carry the tag {login}
-- ARGV[1]  now, ms
-- ARGV     then for each key: free guesses, first wait, longest wait, life (ms)
-- Returns {0, closed until for each key}, or {ms to stay away}.
-- ownGuesses.admit is the same in Go; a property test holds the two together.
local now = tonumber(ARGV[1])
local wait = 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'at') or 0) - now)
end
if wait > 0 then
  return {wait}
end
local answer = {0}
for i, key in ipairs(KEYS) do
  local free, base, most, life = unpack(ARGV, 4 * i - 2, 4 * i + 1)
  local over = redis.call('HINCRBY', key, 'n', 1) - tonumber(free)
  local at = 0
  if over > 0 then
    at = now + math.min(tonumber(base) * 2 ^ math.min(over - 1, 20), tonumber(most))
  end
  redis.call('HSET', key, 'at', string.format('%.0f', at))
  redis.call('PEXPIRE', key, life)
  answer[i + 1] = at
end
return answer
