package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/escuta-sac/escuta/internal/backup"
)

// progress shows how far a long command has come: a bar that moves on a
// terminal, and a line for each quarter anywhere else, where a bar would fill
// the log.
type progress struct {
	e     env
	out   io.Writer
	moves bool // a terminal reads it

	at    backup.Step
	shown int64 // percent
}

const barWidth = 30

func newProgress(e env) *progress {
	p := &progress{e: e, out: e.err, shown: -1}
	if f, ok := e.err.(*os.File); ok {
		info, err := f.Stat()
		p.moves = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// step is a backup.Progress.
func (p *progress) step(at backup.Step, done, all int64) {
	if at != p.at {
		p.end()
		p.at, p.shown = at, -1
	}
	percent := int64(100)
	if all > 0 {
		percent = min(100, done*100/all)
	}
	if !p.moves {
		percent -= percent % 25
	}
	if percent == p.shown {
		return
	}
	p.shown = percent
	name := p.e.text("step_"+string(at), nil)
	if !p.moves {
		fmt.Fprintf(p.out, "%s: %d %%\n", name, percent)
		return
	}
	full := int(percent) * barWidth / 100
	fmt.Fprintf(p.out, "\r%-12s %s%s %3d %%", name, strings.Repeat("█", full), strings.Repeat("░", barWidth-full), percent)
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.moves && p.shown >= 0 {
		fmt.Fprintln(p.out)
	}
	p.shown = -1
}
