package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// insist is how long after the first signal a second one counts. Before that it
// is an echo: timeout(1) and npm pass on the Ctrl-C that the terminal has
// already sent to us as well.
const insist = time.Second

// untilSignal ends its context with the first SIGINT or SIGTERM, which asks to
// finish. Whoever sends another one later means it: the process ends at once,
// and private engines are left running for the next start to find.
func untilSignal(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // lives as long as the process, which is what it watches
		<-signals
		first := time.Now()
		cancel()
		for range signals {
			if time.Since(first) > insist {
				os.Exit(exitFail)
			}
		}
	}()
	return ctx
}
