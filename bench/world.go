package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/embedded"
	_ "github.com/escuta-sac/escuta/internal/rediskit" // keeps go-redis from printing each try while the engine starts
)

// world is what is measured: private engines, durable as in earnest, and the
// built binary as a process of its own. The limits are taken on the same
// engine, in a database beside it.
type world struct {
	dir     string
	engines *embedded.Engines
	server  *exec.Cmd
	log     *os.File
	URL     string // of the server
	Product *pgxpool.Pool
	Limits  *pgxpool.Pool
	limits  string // URL of the limits' database
}

//go:embed limits/schema.sql
var limitSchema string

func newWorld(ctx context.Context) (*world, error) {
	dir, err := os.MkdirTemp("", "escuta-bench-")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir}
	if err := w.start(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) start(ctx context.Context) (err error) {
	fmt.Println("starting private engines and the server")
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	// The engines run as somebody without rights, who must be able to walk down to them.
	if err := os.Chmod(w.dir, 0o755); err != nil {
		return err
	}
	w.engines, err = embedded.Start(ctx, embedded.Options{Dir: filepath.Join(w.dir, "data"), Postgres: true, Redis: true, Log: quiet})
	if err != nil {
		return err
	}
	admin, err := pgxpool.New(ctx, w.engines.Postgres.URL("postgres"))
	if err != nil {
		return err
	}
	defer admin.Close()
	for _, name := range []string{"escuta_bench", "escuta_limits"} {
		if _, err := admin.Exec(ctx, "create database "+name); err != nil {
			return err
		}
	}
	w.limits = w.engines.Postgres.URL("escuta_limits")
	if w.Limits, err = pgxpool.New(ctx, w.limits); err != nil {
		return err
	}
	if _, err := w.Limits.Exec(ctx, limitSchema); err != nil {
		return err
	}
	if w.Product, err = pgxpool.New(ctx, w.engines.Postgres.URL("escuta_bench")); err != nil {
		return err
	}
	return w.serve(ctx)
}

func (w *world) serve(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if w.log, err = os.Create(filepath.Join(w.dir, "server.log")); err != nil {
		return err
	}
	w.server = exec.Command("bin/escuta", "serve")
	w.server.Stdout, w.server.Stderr = w.log, w.log
	w.server.Env = append(os.Environ(),
		"ESCUTA_ADDR="+address,
		"ESCUTA_DATA_DIR="+filepath.Join(w.dir, "server"),
		"ESCUTA_DATABASE_URL="+w.engines.Postgres.URL("escuta_bench"),
		"ESCUTA_REDIS_URL="+w.engines.Redis.URL(),
		"ESCUTA_PUBLIC_LIMIT=0",
		"ESCUTA_LOG_LEVEL=warn",
		"ESCUTA_ADMIN_EMAIL=admin@bench.example", "ESCUTA_ADMIN_PASSWORD=uma senha de medida",
	)
	if err := w.server.Start(); err != nil {
		return fmt.Errorf("start bin/escuta (make build makes it): %w", err)
	}
	w.URL = "http://" + address
	ready := time.NewTicker(20 * time.Millisecond)
	defer ready.Stop()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if res, err := http.Get(w.URL + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ready.C:
		case <-ctx.Done():
			text, _ := os.ReadFile(w.log.Name())
			return fmt.Errorf("the server did not become ready: %w\n%s", ctx.Err(), text)
		}
	}
}

func (w *world) close() error {
	var errs []error
	if w.server != nil && w.server.Process != nil {
		errs = append(errs, w.server.Process.Signal(syscall.SIGTERM))
		w.server.Wait()
	}
	for _, pool := range []*pgxpool.Pool{w.Product, w.Limits} {
		if pool != nil {
			pool.Close()
		}
	}
	if w.engines != nil {
		errs = append(errs, w.engines.Stop(context.Background()))
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
