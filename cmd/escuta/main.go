// Command escuta is the whole support desk in one program: the server and the
// commands that look after it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	_ "time/tzdata" // a small container has no time zones, and deadlines need them

	"github.com/alecthomas/kong"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// Exit codes.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

type commands struct {
	Serve   serveCommand   `cmd:"" help:"${help_serve}"`
	Migrate migrateCommand `cmd:"" help:"${help_migrate}"`
	Doctor  doctorCommand  `cmd:"" help:"${help_doctor}"`
	Account accountCommand `cmd:"" help:"${help_account}"`
	Demo    demoCommand    `cmd:"" help:"${help_demo}"`
	Backup  backupCommand  `cmd:"" help:"${help_backup}"`
	Restore restoreCommand `cmd:"" help:"${help_restore}"`
	Import  importCommand  `cmd:"" help:"${help_import}"`
	Ping    pingCommand    `cmd:"" help:"${help_ping}"`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"${help_openapi}" hidden:""`

	Version kong.VersionFlag `help:"${help_version}"`
}

func main() {
	ctx := untilSignal(context.Background())
	os.Exit(run(ctx, os.Args[1:], env{environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// env is what a command sees of the world around it.
type env struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
	lang    string
}

// text is a text of the command line in the reader's language.
func (e env) text(key string, args map[string]any) string {
	return i18n.Text(e.lang, "cli."+key, args)
}

func (e env) say(key string, args map[string]any) { fmt.Fprintln(e.out, e.text(key, args)) }

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, e env) int {
	e.lang = language(e.environ)
	texts := kong.Vars{"version": version()}
	for _, name := range []string{
		"serve", "serve_demo", "migrate", "ping", "doctor", "doctor_json", "account", "account_create", "account_list", "account_password",
		"account_email", "account_name", "account_role", "account_stdin", "openapi", "version", "demo", "demo_seed", "demo_tickets", "demo_if_empty",
		"backup", "backup_folder", "backup_check", "restore", "restore_folder",
		"import", "import_file", "import_source", "import_target", "import_as", "account_confirm", "account_rank",
	} {
		texts["help_"+name] = e.text("help_"+name, nil)
	}
	var c commands
	exited := -1
	parser, err := kong.New(&c, kong.Name("escuta"), kong.Description(e.text("about", nil)), texts,
		kong.Writers(e.out, e.err), kong.Exit(func(code int) { exited = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(e.err, "escuta:", err)
		return exitFail
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	switch {
	case exited >= 0: // --help and --version have answered
		return exited
	case err != nil:
		parser.Errorf("%s", err)
		return exitUsage
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	err = chosen.Run(e)
	switch {
	case errors.Is(err, errUnhealthy):
		return exitFail
	case err != nil:
		complain(e, err)
		return exitFail
	}
	return exitOK
}

// complain prints an error for the person at the terminal: what a fault says,
// each wrong variable on its line, and the cause where there is one.
func complain(e env, err error) {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		fmt.Fprintln(e.err, "escuta:", err)
		return
	}
	fmt.Fprintln(e.err, "escuta:", i18n.Text(e.lang, "error."+f.Code, f.Args))
	for _, d := range f.Details {
		fmt.Fprintf(e.err, "  %s: %s", d.Field, i18n.Text(e.lang, "field."+d.Code, d.Args))
		if value, ok := d.Args["value"]; ok {
			fmt.Fprintf(e.err, " (%q)", value)
		}
		fmt.Fprintln(e.err)
	}
	if cause := err.Error(); cause != f.Code {
		fmt.Fprintln(e.err, " ", cause)
	}
}

// language reads LC_ALL, LC_MESSAGES and LANG as POSIX orders them. The C
// locale names no language.
func language(environ []string) string {
	for _, name := range []string{"LC_ALL=", "LC_MESSAGES=", "LANG="} {
		for _, entry := range environ {
			value, ok := strings.CutPrefix(entry, name)
			if !ok || value == "" {
				continue
			}
			value, _, _ = strings.Cut(value, ".")
			if value == "C" || value == "POSIX" {
				return i18n.Default
			}
			return i18n.Match(strings.ReplaceAll(value, "_", "-"))
		}
	}
	return i18n.Default
}

// release is set by the build of a release.
var release string

func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return "dev"
}
