// Command withengine runs another command with TEST_DATABASE_URL set to a
// private PostgreSQL, so that the packages of one `go test` share an engine and
// the migrated template instead of making one each. Temporary files are made in
// memory where there is room, unless TMPDIR says where:
//
//	go run ./internal/postgres/pgtest/withengine go test ./...
//
// It ends as the command ends. An engine that is named already is used.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "withengine: which command?")
		os.Exit(2)
	}
	os.Exit(run(os.Args[1:]))
}

func run(command []string) int {
	leave, err := inMemory()
	if err != nil {
		fmt.Fprintln(os.Stderr, "withengine:", err)
		return 1
	}
	defer leave()
	url, stop, err := pgtest.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "withengine:", err)
		return 1
	}
	defer stop()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+url)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1) // -1 when a signal ended it
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "withengine:", err)
		return 1
	}
	return 0
}
