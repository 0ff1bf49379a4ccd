// Package embedded runs a private PostgreSQL and a private Redis of the
// machine's own binaries, so that a support desk can be tried, and a small one
// run, with a single command.
package embedded

// VolatileMark is the setting by which a cluster made for tests says of itself
// that it may run without durability. No code path of the server sets it.
const VolatileMark = "escuta.volatile"
