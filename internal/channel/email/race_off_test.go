//go:build !race

package email

// slowness is how much longer than promised a test may take: the race detector
// costs that much, on a machine that does other work besides.
const slowness = 1
