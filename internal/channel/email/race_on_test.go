//go:build race

package email

const slowness = 20
