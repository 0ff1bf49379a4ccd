package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"
)

// profiler serves pprof on an address of its own, which is for the people who
// run the server and never for the outside. Without an address it does nothing.
func profiler(address string, log *slog.Logger) part {
	return part{"profiler", func(ctx context.Context) error {
		if address == "" {
			<-ctx.Done()
			return nil
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
		server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
		stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stopped()
		log.InfoContext(ctx, "profiling", "address", address)
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve profiles: %w", err)
		}
		return nil
	}}
}
